"""What it costs wherry when fuel, a timeout or all limits (of memory, too) are set: the programs of
exec with and without. The ratios are times with limits by times without any.
"""

from group_exec import cases, lazily
from timing import Row

PLENTY = {
    "fuel": {"fuel": 1 << 60},
    "timeout": {"timeout": 3600.0},
    "all": {"fuel": 1 << 60, "timeout": 3600.0, "memory_limit": "4 GB"},
}

ROUNDS = 5
ROUND = {"least": 0.02, "calls": 1, "batch": 0.002}
QUICK = {"least": 0.0, "calls": 1, "batch": 0.0}


def rows(quick):
    how, chosen = QUICK if quick else ROUND, list(cases(quick))
    for name, case, file in chosen[:3] if quick else chosen:
        if "score" in case:  # it runs for seconds whatever the engine
            continue
        data = file.read_bytes()
        runs = {"wherry": lazily("wherry", case, data, how)}
        for limit, options in PLENTY.items():
            runs[limit] = lazily("wherry", case, data, how, **options)
        yield Row(name, runs, over=PLENTY)
