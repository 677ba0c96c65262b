"""What follows from the counter build's reports (core/exec/counts.h) of one program and of many."""

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

import fusing

VARIANT = re.compile(
    r"(.+?)(?:_([SAKX]{1,2}))?(?:_(R|D|RET|BR|BRN|BRL|BRNL|RETIF))?"
)  # see core/code/rows.h


class Place(NamedTuple):
    """An operation in the code: where it begins (in words), its length, how often it ran, and how
    often after the place before it."""

    at: int
    words: int
    runs: int
    falls: int
    name: str
    operands: tuple


def family(name):
    """The name without kinds of operands: I32_ADD of I32_ADD_SK_D, I32_EQ+BR of I32_EQ_AS_BRN."""
    base, _, end = VARIANT.fullmatch(name).groups()
    if end in (None, "R", "D"):
        return base
    return base + ("+RET" if end == "RET" else "+BR")


def read(path):
    """The places of a report, in the order of the code."""
    places = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line == "lost\n":
                raise MemoryError(f"{path}: not all places were counted")
            at, words, runs, falls, name, *operands = line.split()
            numbers = tuple(map(int, operands))
            places.append(Place(int(at), int(words), int(runs), int(falls), name, numbers))
    return sorted(places)


def feeds(first, second):
    """Does second read what first made? Only what names and operands tell."""
    _, kinds, _ = VARIANT.fullmatch(second.name).groups()
    if kinds and "A" in kinds:
        return True
    made = first.operands[-1] if first.name.endswith("_D") or "SET_" in first.name[:4] else None
    if first.name == "MOVE":
        made = first.operands[1]
    return made is not None and kinds is not None and "S" in kinds and made in second.operands[:2]


class Program:
    """A program's counts as shares of all that it dispatched."""

    def __init__(self, places, fuel=None):
        self.total = total = sum(place.runs for place in places)
        self.per_fuel = total / fuel if fuel else None
        self.jumps = sum(place.runs - place.falls for place in places) / total
        self.ops, self.pairs, self.triples, self.fed = Counter(), Counter(), Counter(), Counter()
        self.code = fusing.Code(places)
        for place in places:
            self.ops[place.name] += place.runs / total
        for a, b in pairwise(places):
            if a.at + a.words == b.at:
                self.pairs[a.name, b.name] += b.falls / total
                if feeds(a, b):
                    self.fed[a.name, b.name] += b.falls / total
        for a, b, c in zip(places, places[1:], places[2:]):
            if a.at + a.words == b.at and b.at + b.words == c.at:
                together = c.falls * b.falls / b.runs  # if who came from a goes on like all
                self.triples[a.name, b.name, c.name] += together / total


class Average:
    """Several programs, each of the same weight."""

    def __init__(self, programs):
        self.count = len(programs)
        self.ops, self.pairs, self.triples, self.fed = (
            self.sum(getattr(program, what) for program in programs)
            for what in ("ops", "pairs", "triples", "fed")
        )
        self.codes = [program.code for program in programs]
        self.jumps = sum(program.jumps for program in programs) / self.count
        known = [program.per_fuel for program in programs if program.per_fuel]
        self.per_fuel = sum(known) / len(known) if known else None

    def sum(self, counters):
        whole = Counter()
        for counter in counters:
            for key, share in counter.items():
                whole[key] += share / self.count
        return whole


def by_family(counter):
    found = Counter()
    for key, share in counter.items():
        found[family(key) if isinstance(key, str) else tuple(map(family, key))] += share
    return found
