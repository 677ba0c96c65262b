"""Rows of programs that time wherry in Ruby, Lua and C."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from guests import GUESTS, ROOT
from machine import BUILT

HERE = Path(__file__).parent
PROGRAMS = {
    "Ruby": ["ruby", "-I", str(BUILT / "ruby"), str(HERE / "call.rb")],
    "Lua": ["lua5.4", str(HERE / "call.lua")],
    "C": [str(BUILT / "tests" / "bench" / "call")],
}
# What call.c has no short way for.
CANNOT = [("C", "other"), ("C", "numbers"), ("C", "points")]


def there(language):
    built = language == "C" or (BUILT / language.lower()).is_dir()
    return built and shutil.which(PROGRAMS[language][0]) is not None


def asked(language, key):
    """A run that lets the language's program time one thing."""
    environment = {
        **os.environ,
        "LUA_PATH": f"{BUILT}/lua/?.lua;{BUILT}/lua/?/init.lua;;",
        "LUA_CPATH": f"{BUILT}/lua/?.so;;",
    }

    def run():
        done = subprocess.run(
            [*PROGRAMS[language], str(GUESTS), key],
            capture_output=True,
            env=environment,
            cwd=ROOT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode().strip() or "failed")
        return json.loads(done.stdout) * 1e-9

    return run
