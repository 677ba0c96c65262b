"""A child of bench.py that times another build of wherry: each line of JSON on standard input asks
for something, each line of JSON on standard output answers. It ends with its input. peer.js is the
same for V8.
"""

import json
import pathlib
import sys

import group_exec
import machine
from timing import once

kept = []  # functions that do a thing once


def prepare(file, one, **_faster):
    """A program of cases.json; the clock that it may want is the parent's."""
    kept.append(group_exec.prepare("wherry", one, pathlib.Path(file).read_bytes()))
    return len(kept) - 1


VERBS = {
    "version": machine.wherry_build,
    "prepare": prepare,
    "result": lambda id: kept[id](),
    "time": lambda id, least, calls, batch: once(kept[id], least, calls, batch=batch)(),
}


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"value": VERBS[asked.pop("verb")](**asked)}
        except Exception as error:  # told by the parent
            answer = {"error": str(error) or type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
