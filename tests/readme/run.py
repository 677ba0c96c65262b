"""Runs the programs in README.md and docs/*.md as they stand: run.py BUILD LANGUAGE.

A program is a fenced block of that language; of C, one that has a main. It runs in a folder that
holds the guests of examples/guests. If the next block is marked `text`, it is what the program
prints. A comment `<!-- not a program -->` before a block leaves it out.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(
    r"^(?P<skip><!-- not a program -->\n+)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)


def programs(path, language):
    """Yields (line, source, expected output or None)."""
    text = path.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    for block, after in zip(blocks, [*blocks[1:], None]):
        if block["language"] != language or block["skip"]:
            continue
        if language == "c" and "int main(" not in block["text"]:
            continue
        expected = after["text"] if after and after["language"] == "text" else None
        yield text.count("\n", 0, block.start("text")) + 1, block["text"], expected


def commands(build, language, source):
    """What compiles and runs the file `source`."""
    if language == "c":
        sanitize = os.environ.get("SANITIZE")
        flags = [f"-fsanitize={sanitize}"] if sanitize else []
        compiler = shlex.split(os.environ.get("CC", "cc"))
        return [
            [*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", *flags, "-o", "program", source]
            + [f"-I{ROOT}/core/include", f"{build}/lib/libwherry.a", "-pthread", "-lm"],
            ["./program"],
        ]
    if language == "python":
        return [[os.environ.get("PYTHON", sys.executable), source]]
    if language == "ruby":
        return [["ruby", "-w", "-I", f"{build}/ruby", source]]
    return [["lua5.4", source]]


def main():
    build, language = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    environment = dict(os.environ)
    environment["PYTHONPATH"] = f"{build}/python"
    environment["LUA_PATH"] = f"{build}/lua/?.lua;{build}/lua/?/init.lua;;"
    environment["LUA_CPATH"] = f"{build}/lua/?.so;;"
    suffix = {"python": "py", "ruby": "rb", "lua": "lua", "c": "c"}[language]

    ran = failed = 0
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for line, text, expected in programs(path, language):
            ran += 1
            with tempfile.TemporaryDirectory() as folder:
                for guest in (ROOT / "examples" / "guests").glob("*.wa*"):
                    shutil.copy(guest, folder)
                source = pathlib.Path(folder, f"program.{suffix}")
                source.write_text(text, encoding="utf-8")
                for command in commands(build, language, source.name):
                    done = subprocess.run(
                        command, cwd=folder, env=environment, capture_output=True, text=True
                    )
                    if done.returncode != 0:
                        break
            fault = None
            if done.returncode != 0:
                fault = f"exit {done.returncode}"
            elif expected is not None and done.stdout != expected:
                fault = f"printed something else than:\n{expected}"
            if fault:
                failed += 1
                print(f"{path.relative_to(ROOT)}:{line}: {fault}\n{done.stdout}{done.stderr}")
    print(f"{ran} programs, {failed} failed")
    if ran == 0:
        print(f"skipped: no program in {language} stands in README.md or docs/")
        return 77
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
