"""clang-tidy over core/ and bindings/, only over what changed since it was last clean.

tidy.py CLANG_TIDY BUILD. A file is clean for as long as it, every header and the configuration stay
the same; BUILD/tidy/ remembers.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys


def digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def main():
    program, build = sys.argv[1], pathlib.Path(sys.argv[2])
    root = pathlib.Path.cwd()
    headers = sorted(
        path
        for folder in ("core", "bindings")
        for path in (root / folder).rglob("*")
        if path.suffix in (".h", ".def")
    )
    common = digest(root / ".clang-tidy", *headers)
    memory = build / "tidy"
    memory.mkdir(parents=True, exist_ok=True)

    todo = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        inside = path.is_relative_to(root / "core") or path.is_relative_to(root / "bindings")
        if not inside or not path.exists():
            continue
        stamp = memory / (path.relative_to(root).as_posix().replace("/", "-") + ".clean")
        state = common + digest(path)
        if not stamp.exists() or stamp.read_text() != state:
            todo.append((path, stamp, state))

    def tidy(job):
        path, stamp, state = job
        done = subprocess.run(
            [program, "-p", str(build), "--quiet", str(path)]
            + ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error"],
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            stamp.write_text(state)
        return done.returncode, done.stdout + (done.stderr if done.returncode else "")

    failed = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for status, output in pool.map(tidy, todo):
            if status:
                failed = True
                print(output)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
