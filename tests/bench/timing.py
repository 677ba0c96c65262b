"""Rows, and how they are timed: every engine in turn, several rounds, the best round of each.

What runs in one thread is timed by that thread's CPU clock: on an idle machine it says the same as
the clock on the wall, on a busy one the others' work is not counted.
"""

import math
import time
import timeit


class Row:
    """One line of the table.

    runs: name of an engine -> a function without arguments that returns seconds per operation (or
    what `unit` says) of one round. limits: [(peer or None, most)]: a ratio, or wherry's time itself
    in seconds, that must not be passed. The ratio is wherry's time by the peer's; that of peers in
    `over`, which are wherry in another guise, theirs by wherry's. patience: an engine that has had
    so many seconds of its own gets no further round.
    """

    def __init__(self, name, runs, limits=(), unit="s", over=(), patience=10.0):
        self.name, self.runs, self.patience = name, runs, patience
        self.limits, self.unit, self.over = [tuple(limit) for limit in limits], unit, list(over)
        self.best = {}
        self.faults = {}

    def show(self, value):
        return show(value, self.unit)

    def measure(self, rounds):
        spent = dict.fromkeys(self.runs, 0.0)
        for _ in range(rounds):
            for engine, run in self.runs.items():
                if engine in self.faults or spent[engine] > self.patience:
                    continue
                begin = time.perf_counter()
                try:
                    seconds = run()
                except Exception as error:  # a peer that cannot run a case is left out of it
                    text = str(error).strip() or type(error).__name__
                    self.faults[engine] = text.splitlines()[0]
                    self.best.pop(engine, None)
                    continue
                spent[engine] += time.perf_counter() - begin
                self.best[engine] = min(seconds, self.best.get(engine, math.inf))

    def ratio(self, peer):
        if "wherry" not in self.best or peer not in self.best:
            return None
        ratio = self.best["wherry"] / self.best[peer]
        return 1 / ratio if peer in self.over else ratio

    def misses(self):
        """The limits that do not hold, as texts."""
        missed = []
        for peer, most in self.limits:
            if peer is None:
                have = self.best.get("wherry")
                if have is not None and have > most:
                    missed.append(f"{self.show(have)} > {self.show(most)}")
            else:
                missed += over_limit(self.ratio(peer), peer, most)
        return missed


def over_limit(ratio, peer, most):
    return [f"{ratio:.3g} > {most:.3g} of {peer}"] if ratio is not None and ratio > most else []


def each(statement, variables, seconds=0.005, windows=8):
    """A run that times a short statement: the best of some windows, each full of repetitions."""
    timer = timeit.Timer(statement, globals=variables, timer=time.thread_time)
    count = 0

    def run():
        nonlocal count
        if not count:
            count = 1
            while True:
                taken = timer.timeit(count)
                if taken > seconds / 4:
                    break
                count *= 4
            count = max(1, int(count * seconds / taken))
        return min(timer.repeat(windows, count)) / count

    return run


def once(function, least=0.0, calls=1, clock=time.thread_time, batch=0.0):
    """A run that times whole calls: the best of `calls`, and of as many as last `least` seconds.
    Those that last less than `batch` seconds are timed many together."""
    timer = timeit.Timer(function, timer=clock)
    count = 1

    def run():
        nonlocal count
        best, spent, done = math.inf, 0.0, 0
        while done < calls or spent < least:
            taken = timer.timeit(count)
            if taken < batch / 2:
                count *= 2
                continue
            best, spent, done = min(best, taken / count), spent + taken, done + 1
        return best

    return run


def geometric_mean(numbers):
    return math.exp(sum(map(math.log, numbers)) / len(numbers)) if numbers else None


UNITS = {
    "s": ((1, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")),
    "B": ((1e-9, "GB"), (1e-6, "MB"), (1e-3, "kB"), (1, "B")),
}


def show(value, unit="s"):
    *larger, smallest = UNITS[unit]
    for factor, name in larger:
        if value * factor >= 1:
            return f"{value * factor:.3g} {name}"
    return f"{value * smallest[0]:.3g} {smallest[1]}"
