"""The wherry command, seen from outside: test_cli.py WHERRY [unittest arguments]."""

import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUESTS = ROOT / "examples" / "guests"
SPEC = ROOT / "tests" / "spec" / "own"
WHERRY = ""


def run(*args, cwd=GUESTS):
    """Runs the command in the guests' folder; (status, standard output, standard error)."""
    done = subprocess.run(
        [WHERRY, *map(str, args)], cwd=cwd, capture_output=True, timeout=120, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def leb(number):
    out = b""
    while True:
        byte, number = number & 0x7F, number >> 7
        if not number:
            return out + bytes([byte])
        out += bytes([byte | 0x80])


def section(number, contents):
    return bytes([number]) + leb(len(contents)) + contents


def name(text):
    data = text if isinstance(text, bytes) else text.encode()
    return leb(len(data)) + data


HEADER = b"\0asm\1\0\0\0"


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, file, data):
        path = self.folder / file
        path.write_bytes(data)
        return path

    def check(self, args, status=0, out=None, err=""):
        """err: a regular expression that standard error matches; "" for empty."""
        got = run(*args)
        self.assertEqual(got[0], status, got)
        if out is not None:
            self.assertEqual(got[1], out, got)
        if err:
            self.assertRegex(got[2], err)
        else:
            self.assertEqual(got[2], "")

    # --- the command itself ---

    def test_version_and_help(self):
        self.assertRegex(run("--version")[1], r"^wherry \d+\.\d+\.\d+\n$")
        self.check(["--help"], out=run("help")[1])
        for verb in ("run", "call", "validate", "inspect", "wast"):
            status, out, err = run(verb, "--help")
            self.assertEqual((status, err), (0, ""))
            self.assertTrue(out.startswith(f"usage: wherry {verb} "), out)

    def test_wrong_usage_is_2(self):
        for args in (
            [],
            ["fly"],
            ["call"],
            ["call", "fib.wasm"],
            ["run"],
            ["validate"],
            ["inspect"],
            ["inspect", "fib.wasm", "host.wasm"],
            ["wast"],
            ["call", "--fly", "fib.wasm", "fib", "1"],
            ["call", "--fuel", "many", "fib.wasm", "fib", "1"],
            ["call", "--fuel"],
            ["call", "--json=yes", "fib.wasm", "fib", "1"],
            ["run", "--dir", ".", "fib.wasm"],
            ["wit"],
            ["wit", "fib.wasm", "host.wasm"],
            ["wat"],
            ["wat", "fib.wasm", "host.wasm"],
            ["wat", "--folded", "fib.wasm"],
        ):
            status, out, err = run(*args)
            self.assertEqual((status, out), (2, ""), args)
            self.assertNotEqual(err, "", args)

    def test_a_file_that_is_not_there(self):
        for verb in (["call"], ["run"], ["validate"], ["inspect"], ["wast"]):
            rest = ["f"] if verb == ["call"] else []
            status, _, err = run(*verb, "nowhere.wasm", *rest)
            self.assertEqual(status, 1)
            self.assertRegex(err, r"^wherry: nowhere\.wasm: No such file or directory\n")
        self.check(["validate", "."], 1, err=r"^wherry: \.: Is a directory\n$")

    # --- call ---

    def test_numbers(self):
        simple = "simple.wasm"
        self.check(["call", simple, "sum", 5, 37], out="42\n")
        self.check(["call", simple, "sum", -5, "0x10"], out="11\n")
        self.check(["call", simple, "sum", 2147483647, 1], out="-2147483648\n")
        self.check(["call", simple, "echo_i32", 4294967295], out="-1\n")
        self.check(["call", simple, "echo_i64", -(2**63)], out=f"{-(2**63)}\n")
        self.check(["call", simple, "echo_i64", 2**64 - 1], out="-1\n")
        self.check(["call", simple, "echo_f32", 0.1], out="0.1\n")
        self.check(["call", simple, "echo_f64", "1e300"], out="1e+300\n")
        self.check(["call", simple, "echo_f64", "-inf"], out="-inf\n")
        self.check(["call", simple, "echo_f32", "nan"], out="nan\n")
        self.check(["call", simple, "mixed", 1, 2, 3.5, 4.25], out="10.75\n")
        self.check(["call", simple, "nothing"], out="")
        self.check(["call", simple, "nothing", "--json"], out="null\n")
        self.check(["call", "--json", simple, "echo_f64", "nan"], out='"nan"\n')
        self.check(["call", "fib.wasm", "fib", 20], out="6765\n")

    def test_vectors(self):
        vector = self.write(
            "vector.wasm",
            HEADER
            + section(1, b"\2\x60\1\x7f\1\x7b\x60\1\x7b\0")
            + section(3, b"\2\0\1")
            + section(7, b"\2" + name("splat") + b"\0\0" + name("drop") + b"\0\1")
            + section(10, b"\2\6\0\x20\0\xfd\x11\x0b\2\0\x0b"),
        )
        self.check(["call", vector, "splat", 258], out="02010000" * 4 + "\n")
        self.check(["call", "--json", vector, "splat", 258], out='"' + "02010000" * 4 + '"\n')
        self.check(
            ["call", vector, "drop", 1], status=1, err="values of type v128 cannot be written"
        )

    def test_several_results_and_references(self):
        offset = self.write(
            "offset.wasm",
            HEADER
            + section(6, b"\1\x7f\0\x41\x64\x0b")  # (global i32 (i32.const -28))
            + section(7, b"\1" + name("offset") + b"\3\0"),
        )
        link = f"--link=env={offset}"
        self.check(["call", link, "values.wasm", "divmod", 17, 5], out="3\n2\n")
        self.check(["call", link, "--json", "values.wasm", "swap", 1, 2], out="[2, 1]\n")
        self.check(["call", link, "values.wasm", "with_offset", 70], out="42\n")
        self.check(["call", link, "values.wasm", "same", "null"], out="null\n")
        self.check(["call", link, "values.wasm", "pick", 0], out="funcref\n")
        self.check(["call", link, "values.wasm", "pick", 3], out="null\n")
        self.check(["call", link, "values.wasm", "same", 5], 1, err="expected externref.*number")
        self.check(["call", link, "values.wasm", "answer"], 1, err="answer is a global")
        self.check(["call", "values.wasm", "double", 1], 1, err=r"env.*offset")

    def test_wit(self):
        greet = "greet.wasm"
        self.check(["call", greet, "greet", '"Ada"'], out='"Hello, Ada!"\n')
        self.check(
            ["call", greet, "greet", r'"\u{1f6a3} \"x\"\n"'], out='"Hello, 🚣 \\"x\\"\\n!"\n'
        )
        self.check(["call", greet, "sum", "[1, 2, 4294967295]"], out="4294967298\n")
        self.check(["call", greet, "scale", "[1, 2.5]", 2], out="[2, 5]\n")
        self.check(["call", greet, "reverse", "[1, 2, 3]"], out="[3, 2, 1]\n")
        self.check(["call", greet, "reverse", "[]"], out="[]\n")
        self.check(["call", greet, "pick", '["a", "béc", "d"]', 1], out='"béc"\n')
        self.check(["call", greet, "starts"], out="1\n")
        self.check(
            ["call", greet, "middle", "{x: 0, y: 0}", "{y: -4, x: 10}"], out="{x: 5, y: -2}\n"
        )
        self.check(
            ["call", greet, "translate", "[{x: 1, y: 2}, {x: 3, y: 4}]", "{x: 10, y: 20}"],
            out="[{x: 11, y: 22}, {x: 13, y: 24}]\n",
        )
        self.check(["call", greet, "describe", '{"name": "Ada", "age": 36}'], out='"Ada (36)"\n')
        self.check(
            ["call", "--json", greet, "wherry:greet/people#birthday", '{name: "Ada", age: 36}'],
            out='{"name": "Ada", "age": 37}\n',
        )
        self.check(["call", greet, "echo-char", "'€'"], out="'€'\n")
        self.check(["call", greet, "echo-bool", "true"], out="true\n")
        self.check(["call", greet, "echo-u64", 2**64 - 1], out=f"{2**64 - 1}\n")
        self.check(["call", greet, "echo-s8", -128], out="-128\n")
        self.check(["call", greet, "broken"], 134, err="(?i)utf-8")

    def test_wrong_arguments_name_the_parameter(self):
        for args, err in (
            (["simple.wasm", "sum", 1], r"sum takes 2 arguments, got 1: func \(i32, i32\) -> i32"),
            (["simple.wasm", "sum", 1, 2**32], r"sum\(\): parameter 2: 4294967296 does not fit"),
            (["simple.wasm", "sum", 1, -(2**31) - 1], r"does not fit in i32"),
            (["simple.wasm", "sum", 1, "1.5"], r"parameter 2: expected i32, got a number, 1\.5"),
            (["simple.wasm", "sum", 1, '"x"'], r"expected i32, got a string"),
            (["simple.wasm", "sum", 1, "x"], r"double quotes"),
            (["simple.wasm", "sum", 1, ""], r"nothing where a value should be"),
            (["simple.wasm", "som", 1, 2], r"som"),
            (["greet.wasm", "greet", 5], r"greet\(\): parameter 1 \(name\): expected string"),
            (["greet.wasm", "greet", '"a'], r"not closed"),
            (["greet.wasm", "greet", '"a" b'], r"after the end"),
            (["greet.wasm", "greet", "some(1)"], r"come later"),
            (["greet.wasm", "sum", "[1, -1]"], r"\(numbers\)\[1\]: -1 does not fit in u32"),
            (["greet.wasm", "sum", "[1, 2"], r"a list wants"),
            (["greet.wasm", "echo-u8", 256], r"\(x\): 256 does not fit in u8"),
            (["greet.wasm", "middle", "{x: 1}", "{x: 1, y: 2}"], r'field "y" is missing'),
            (["greet.wasm", "middle", "{x: 1, z: 2}", "{x: 1, y: 2}"], r'no field "z"'),
            (
                ["greet.wasm", "translate", "[{x: 1, y: true}]", "{x: 1, y: 2}"],
                r"\(path\)\[0\]: \.y",
            ),
            (["greet.wasm", "greet", "[" * 100], r"more than 64"),
        ):
            self.check(["call", *args], 1, out="", err=err)

    def test_wit_is_printed(self):
        status, carried, err = run("wit", "greet.wasm")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("record point {\n    x: s32,\n    y: s32,\n  }\n", carried)
        written = run("wit", "greet.wit")[1]  # has doc comments, and lines around what has them
        self.assertEqual(
            [line for line in written.split("\n") if line and "///" not in line],
            [line for line in carried.split("\n") if line],
        )
        with tempfile.TemporaryDirectory() as folder:
            printed = pathlib.Path(folder, "greet.wit")
            self.check(["wit", "greet.wasm", "-o", printed], out="")
            self.assertEqual(printed.read_text(), carried)
            self.check(["wit", folder], out=carried)
            pathlib.Path(folder, "deps").mkdir()
            pathlib.Path(folder, "deps", "dep.wit").write_text("package dep:one; interface i {}\n")
            pathlib.Path(folder, "world.wit").write_text("world two { import dep:one/i; }\n")
            out = run("wit", folder)[1]
            self.assertIn("world two {\n  import dep:one/i;\n}\n", out)
            self.assertTrue(out.endswith("\npackage dep:one {\n  interface i {\n  }\n}\n"), out)
            printed.write_text("package a:b;\ninterface i {\n  f: fnc();\n}\n")
            self.check(
                ["wit", printed],
                1,
                err=r"greet\.wit: line 3, column 6: expected 'func', got 'fnc'\n3 \|   f: fnc",
            )
        self.check(["wit", "fib.wasm"], 1, err="fib.wasm: the module carries no WIT")
        self.check(["wit", "nowhere.wit"], 1, err=r"wherry: nowhere\.wit: No such file")

    def test_traps_are_134_with_the_stack(self):
        self.check(
            ["call", "simple.wasm", "divide", 1, 0],
            134,
            err=r"^wherry: simple\.wasm: trap: integer divide by zero.*\n  0: divide \(func",
        )
        self.check(["call", "simple.wasm", "fail"], 134, err=r"unreachable(.|\n)*0: fail ")
        status, _, err = run("call", "simple.wasm", "recurse", 1)
        self.assertEqual(status, 134, err)
        self.assertRegex(err, r"call stack exhausted")
        self.assertLess(len(err.splitlines()), 200)

    def test_limits(self):
        self.check(["call", "--fuel", 1000, "simple.wasm", "spin"], 1, err=r"fuel")
        self.check(["call", "--timeout", 0.05, "simple.wasm", "spin"], 1, err=r"deadline|time")
        self.check(["call", "--memory-limit", "64K", "simple.wasm", "answer"], out="42\n")
        self.check(["call", "--memory-limit", "10 KB", "simple.wasm", "answer"], 1, err="memory")
        status, out, err = run("call", "--stats", "--fuel", 100000, "fib.wasm", "fib", 10)
        self.assertEqual((status, out), (0, "55\n"))
        self.assertRegex(err, r"fuel used   [1-9]")

    def test_links(self):
        host = self.write(
            "env.wasm",
            HEADER
            + section(1, b"\2\x60\2\x7f\x7f\1\x7f\x60\2\x7f\x7f\0")
            + section(3, b"\2\0\1")
            + section(7, b"\2" + name("add") + b"\0\0" + name("on_word") + b"\0\1")
            + section(10, b"\2\7\0\x20\0\x20\1\x6a\x0b\2\0\x0b"),
        )
        self.check(["call", "--link", f"env={host}", "host.wasm", "add_up", 101], out="5050\n")
        self.check(["call", "--link", f"env={host}", "host.wasm", "words"], out="5\n")
        self.check(["call", "host.wasm", "words"], 1, err=r"on_word(.|\n)*add")
        self.check(["call", "--link", "env", "host.wasm", "words"], 1, err="NAME=FILE")

    # --- run ---

    def test_run(self):
        self.check(["run", "--invoke", "sum", "simple.wasm", 5, 37], out="42\n")
        self.check(["run", "simple.wasm"], out="")
        self.check(["run", "simple.wasm", "x"], 1, err="--invoke")
        start = self.write(
            "start.wasm",
            HEADER
            + section(1, b"\1\x60\0\0")
            + section(3, b"\1\0")
            + section(7, b"\1" + name("_start") + b"\0\0")
            + section(10, b"\1\3\0\0\x0b"),
        )
        self.check(["run", start], 134, err="unreachable")
        wasi = self.write(
            "wasi.wasm",
            HEADER
            + section(1, b"\1\x60\1\x7f\0")
            + section(2, b"\1" + name("wasi_snapshot_preview1") + name("proc_exit") + b"\0\0"),
        )
        self.check(["run", wasi], 1, err=r"wasi\.wasm: needs WASI, which comes later\n$")

    # --- validate ---

    def test_validate(self):
        self.check(["validate", *sorted(GUESTS.glob("*.wasm"))], out="")
        short = self.write("short.wasm", (GUESTS / "fib.wasm").read_bytes()[:-5])
        self.check(["validate", "fib.wasm", short], 1, out="", err=r"short\.wasm: .*offset")
        wrong = self.write(
            "wrong.wasm",
            HEADER
            + section(1, b"\1\x60\0\1\x7f")
            + section(3, b"\1\0")
            + section(10, b"\1\4\0\x42\1\x0b"),
        )
        self.check(["validate", wrong], 1, out="", err=r"wrong\.wasm: (?s:.*)offset")
        tail = self.write(
            "tail.wasm",
            HEADER
            + section(1, b"\1\x60\0\0")
            + section(3, b"\1\0")
            + section(10, b"\1\4\0\x12\0\x0b"),
        )
        self.check(["validate", tail], out="")
        self.check(["validate", "--features=-tail-call", tail], 1, err="tail-call")
        self.check(["validate", "--features=fly", tail], 1, err='no feature "fly"')

    # --- inspect ---

    # --- text ---

    def test_text(self):
        text = """(module (func (export "add") (param $x i32) (param i32) (result i32)
            (i32.add (local.get $x) (local.get 1))))"""
        wat = self.write("add.wat", text.encode())
        self.check(["validate", wat], out="")
        self.check(["call", wat, "add", 40, 2], out="42\n")
        self.check(["run", "--invoke", "add", wat, 40, 2], out="42\n")
        self.assertIn("add", run("inspect", wat)[1])
        self.check(["wasm", wat], out="")
        self.check(["call", wat.with_suffix(".wasm"), "add", 1, 2], out="3\n")
        self.check(["wasm", wat, "-o", self.folder / "other"], out="")
        self.check(["validate", self.folder / "other"], out="")
        self.check(["wasm"], 2, err="which FILE")

    def test_printed_text(self):
        self.assertRegex(run("wat", "fib.wasm")[1], r"^\(module\n  (.*\n)+    local\.get \$n\n")
        for fold in ([], ["--fold"]):
            text, back = self.folder / "fib.wat", self.folder / "back.wasm"
            self.check(["wat", *fold, "-o", text, "fib.wasm"], out="")
            self.check(["wasm", text, "-o", back], out="")
            self.assertEqual(back.read_bytes(), (GUESTS / "fib.wasm").read_bytes())
            # Text is read and printed anew.
            self.check(["wat", *fold, text], out=text.read_text())
        self.assertIn("(i32.lt_u (local.get $n) (i32.const 2))", text.read_text())
        bad = self.write("bad.wasm", HEADER + section(1, b"\1\x60\0\0") + section(3, b"\1\0"))
        self.check(["wat", bad], 1, err=r"bad\.wasm: function and code section have inconsistent")
        bad = self.write("bad.wasm", bad.read_bytes() + section(10, b"\1\3\0\xff\x0b"))
        self.check(["wat", bad], 1, err=r"bad\.wasm: illegal opcode \(at offset 0x17\)\n$")
        self.check(["wat", "-o", self.folder, "fib.wasm"], 1, err=r"Is a directory\n$")

    def test_errors_of_text_show_the_line(self):
        wat = self.write("bad.wat", b"(module\n  (func i32.ad))\n")
        shown = (
            r"bad\.wat: line 2, column 9: unknown operator i32\.ad; did you mean .*\n2 \|   \(func"
        )
        for verb in ["validate", "wasm", "inspect"]:
            self.check([verb, wat], 1, err=shown)
        self.check(["call", wat, "f"], 1, err=shown)

    def test_inspect(self):
        status, out, _ = run("inspect", "host.wasm")
        self.assertEqual(status, 0)
        for expected in (
            "core module",
            "host functions it wants",
            "env.add: func (i32, i32) -> i32",
            "words: func () -> i32",
            "memory: memory 1",
            '"producers"',
        ):
            self.assertIn(expected, out)
        out = run("inspect", "greet.wasm")[1]
        self.assertIn("WIT: world wherry:greet/greet", out)
        self.assertIn("translate: func(path: list<point>, by: point) -> list<point>", out)

    def test_inspect_json(self):
        host = json.loads(run("inspect", "--json", "host.wasm")[1])
        self.assertEqual([f["name"] for f in host["host_functions"]], ["on_word", "add"])
        self.assertEqual(host["host_functions"][1]["params"], ["i32", "i32"])
        self.assertEqual(host["size"], (GUESTS / "host.wasm").stat().st_size)
        self.assertEqual(
            host["memories"],
            [{"minimum": 1, "maximum": None, "page_size": 65536, "shared": False}],
        )
        values = json.loads(run("inspect", "values.wasm", "--json")[1])
        exports = {e["name"]: e for e in values["exports"]}
        self.assertEqual(exports["swap"]["results"], ["i64", "i32"])
        self.assertEqual(exports["table"]["maximum"], 8)
        self.assertTrue(exports["counter"]["mutable"])
        greet = json.loads(run("inspect", "--json", "greet.wasm")[1])
        functions = {f["name"]: f for f in greet["functions"]}
        self.assertEqual(functions["sum"]["params"], [{"name": "numbers", "type": "list<u32>"}])
        self.assertEqual(functions["sum"]["result"], "u64")
        self.assertIsNone(functions["fail"]["result"])
        self.assertIn("component-type", "".join(s["name"] for s in greet["custom_sections"]))

    def test_inspect_features(self):
        out = run("inspect", "vector.wasm")[1]
        self.assertIn("\nfeatures it needs\n  multi-value\n  mutable-globals\n  simd\n\n", out)
        self.assertNotIn("features it needs", run("inspect", "fib.wasm")[1])
        found = json.loads(run("inspect", "--json", "vector.wasm")[1])
        self.assertEqual(found["features"], ["multi-value", "mutable-globals", "simd"])
        # also of what is off unless it is switched on
        wide = self.write(
            "wide.wat", b"(func (drop (i64.mul_wide_s (i64.const 1) (i64.const 2))) drop)"
        )
        self.assertIn("\n  wide-arithmetic\n", run("inspect", wide)[1])
        self.check(
            ["validate", wide], 1, err="needs feature wide-arithmetic, which is switched off"
        )
        self.check(["validate", "--features=wide-arithmetic", wide], 0)

    def test_inspect_memories(self):
        memories = self.write(
            "memories.wat",
            b"""(memory 1 2 shared) (memory 100 (pagesize 1))
            (memory (export "m") i64 3 4 shared)""",
        )
        out = run("inspect", memories)[1]
        self.assertIn(
            "\nmemories\n  1 page (64 KiB), at most 2, shared\n"
            "  100 pages of 1 byte, no maximum\n  3 pages (192 KiB), at most 4, shared\n",
            out,
        )
        self.assertIn("\n  threads\n  custom-page-sizes\n", out)
        found = json.loads(run("inspect", "--json", memories)[1])
        self.assertEqual([m["page_size"] for m in found["memories"]], [65536, 1, 65536])
        self.assertEqual([m["shared"] for m in found["memories"]], [True, False, True])
        self.assertTrue(found["exports"][0]["shared"])
        self.assertEqual(found["exports"][0]["page_size"], 65536)

    def test_inspect_custom_sections(self):
        out = run("inspect", "values.wasm")[1]
        self.assertIn('  name\n    function 0 "double"\n', out)
        self.assertIn('    local 1 of function 3 "y"\n', out)
        out = run("inspect", "greet.wasm")[1]
        self.assertIn("    module 1, function 40, global 1, data 1\n", out)
        self.assertIn('    used "bulk-memory"\n', out)
        odd = self.write(
            "odd.wasm",
            HEADER
            + section(0, name("dylink.0") + b"\1\4\x10\2\0\0")
            + section(0, name("target_features") + b"\2+" + name("simd128") + b"*" + name("x")),
        )
        out = run("inspect", odd)[1]
        self.assertIn("  dylink.0\n    memory size 16 alignment 2\n    table size 0", out)
        self.assertIn("malformed at 0x35: target_features section: a feature's prefix", out)
        found = json.loads(run("inspect", "--json", odd)[1])["custom_sections"]
        self.assertEqual(
            found[0]["facts"],
            [
                {"kind": "memory", "size": 16, "alignment": 2},
                {"kind": "table", "size": 0, "alignment": 0},
            ],
        )
        self.assertNotIn("malformed", found[0])
        self.assertEqual(found[1]["facts"], [{"kind": "used", "name": "simd128"}])
        self.assertEqual(found[1]["malformed"]["offset"], 0x35)

    def test_names_of_a_guest_are_shown_escaped(self):
        evil = self.write(
            "evil.wasm",
            HEADER
            + section(1, b"\1\x60\0\0")
            + section(2, b"\1" + name("a\x1b[31m\n") + name("b\u202e\r") + b"\0\0"),
        )
        _, out, _ = run("inspect", evil)
        self.assertIn("a\\x1b[31m\\n.b\\u{202e}\\x0d: func ()", out)
        status, _, err = run("call", evil, "x")
        self.assertEqual(status, 1)
        self.assertNotRegex(err, "[\x1b\r\u202e]")
        found = json.loads(run("inspect", "--json", evil)[1])
        self.assertEqual(found["imports"][0]["module"], "a\x1b[31m\n")

    # --- wast ---

    def test_wast(self):
        scripts = sorted(SPEC.glob("*.json"))
        count = sum(len(json.loads(s.read_text())["commands"]) for s in scripts)
        self.check(["wast", *scripts], out=f"{count} passed, 0 failed, 0 skipped\n")
        text = sorted(SPEC.glob("*.wast"))
        status, out, _ = run("wast", *text)
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^\d{3} passed, 0 failed, 0 skipped\n$")

    def test_wast_tells_what_is_wrong_with_a_script(self):
        bad = self.write("bad.wast", b'(module)\n(assert_return\n  (invoke "f" (i32.cost 1)))\n')
        self.check(
            ["wast", bad],
            1,
            out=None,
            err=r"bad\.wast: line 3, column 16: unknown operator i32\.cost: [^\n]*\n"
            r"3 \|   \(invoke \"f\" \(i32\.cost 1\)\)\)\n  \|                \^\n",
        )

    def test_wast_compares_the_words_of_failures(self):
        module = b'(module (func (export "f") (unreachable)))\n'
        script = self.write(
            "words.wast",
            module
            + b'(assert_trap (invoke "f") "unreachable")\n'
            + b'(assert_trap (invoke "f") "integer overflow")\n'
            + b'(assert_trap (invoke "f") "what nobody wrote")\n'
            + b'(assert_malformed (module quote "(func (result i32))") "unexpected token")\n'
            + b'(assert_invalid (module (func (drop))) "unknown label")\n'
            + b'(assert_invalid (module binary "") "unknown label")\n',
        )
        status, out, err = run("wast", "-q", script)
        self.assertEqual((status, out), (1, "2 passed, 5 failed, 0 skipped\n"))
        self.assertIn('words.wast:3: f: expected the words of "integer overflow"; got trap', err)
        self.assertIn("words.wast:4: f: the table of messages has no row trap", err)
        self.assertIn('words.wast:5: module: expected malformed "unexpected token"; got', err)
        self.assertIn('words.wast:6: module: expected the words of "unknown label"; got', err)
        self.assertIn('words.wast:7: module: expected invalid "unknown label"; got malformed', err)

    def test_wast_counts_failures(self):
        shutil.copy(GUESTS / "simple.wasm", self.folder)
        sum_call = {"type": "invoke", "field": "sum", "args": [{"type": "i32", "value": "1"}] * 2}
        spoiled = [
            {"type": "module", "line": 1, "filename": "simple.wasm", "module_type": "binary"},
            {
                "type": "assert_return",
                "line": 2,
                "action": sum_call,
                "expected": [{"type": "i32", "value": "3"}],
            },
            {"type": "assert_trap", "line": 3, "action": sum_call, "text": "unreachable"},
            {"type": "assert_invalid", "line": 4, "filename": "simple.wasm", "text": "no"},
            {"type": "fly", "line": 6},
        ]
        script = self.write("s.json", json.dumps({"commands": spoiled}).encode())
        status, out, err = run("wast", script)
        self.assertEqual(status, 1)
        self.assertTrue(out.endswith("1 passed, 4 failed, 0 skipped\n"), out)
        self.assertEqual(re.findall(r"s\.json:(\d+): ", err), ["2", "3", "4", "6"])
        self.assertIn("sum: expected i32 3; got i32 2", err)
        self.assertEqual(run("wast", "-q", script)[1], "1 passed, 4 failed, 0 skipped\n")

    def test_wast_survives_changed_scripts(self):
        original = (SPEC / "script.wast").read_bytes()
        dice = random.Random(1)
        scripts = []
        for index in range(200):
            text = bytearray(original)
            for _ in range(dice.randrange(1, 4)):
                at = dice.randrange(len(text))
                piece = dice.choice((b"", b"0", b"$d", b")", b"(", b"\xff"))
                text[at : at + dice.randrange(8)] = piece
            scripts.append(self.write(f"{index}.wast", bytes(text)))
        status, out, _ = run("wast", "-q", *scripts)
        self.assertEqual(status, 1)
        self.assertRegex(out, r"^\d{3,} passed, \d+ failed, 0 skipped\n$")

    def test_wast_refuses_what_is_no_json(self):
        for text in ("", "{", '{"a": 01}', '{"a": "\\ud800"}', "[1,]", "{} x", '"\x01"', "nul"):
            script = self.write("bad.json", text.encode())
            self.check(["wast", script], 1, err=r"bad\.json: line 1: ")


if __name__ == "__main__":
    WHERRY = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
