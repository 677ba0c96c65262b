"""What counts.py makes of reports; that the counter build, where it has been made, writes one."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import analysis
import choose
import components
import fusing
import wherry

COUNTING = pathlib.Path(__file__).resolve().parents[2] / "build" / "counts" / "python"

# at, words, runs, falls, name, operands: ten times round a loop, which begins at 12 and ends at 26.
REPORT = """\
26\t4\t1\t1\tRETURN_S_u64\t2\t-1
10\t2\t1\t0\tZERO
12\t5\t10\t1\tI32_LOAD_S_R\t2\t8\t0
17\t5\t10\t10\tI32_ADD_AK_D\t1\t3
22\t4\t10\t10\tI32_LT_S_AS_BRL\t3\t-10\t2
"""

LOOP = """(module (func (export "down") (param i32)
  (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"""


class Analysis(unittest.TestCase):
    def program(self, text=REPORT):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "report.tsv")
            path.write_text(text)
            return analysis.Program(analysis.read(path), 64)

    def test_shares(self):
        program = self.program()
        self.assertEqual(program.total, 32)
        self.assertAlmostEqual(program.ops["I32_ADD_AK_D"], 10 / 32)
        self.assertAlmostEqual(program.pairs["I32_LOAD_S_R", "I32_ADD_AK_D"], 10 / 32)
        self.assertAlmostEqual(program.pairs["ZERO", "I32_LOAD_S_R"], 1 / 32)
        self.assertAlmostEqual(program.fed["I32_ADD_AK_D", "I32_LT_S_AS_BRL"], 10 / 32)
        triple = "I32_LOAD_S_R", "I32_ADD_AK_D", "I32_LT_S_AS_BRL"
        self.assertAlmostEqual(program.triples[triple], 10 / 32)
        self.assertAlmostEqual(program.jumps, 10 / 32)
        self.assertAlmostEqual(program.per_fuel, 0.5)

    def test_families(self):
        for name, wanted in (
            ("I32_ADD_SK_D", "I32_ADD"),
            ("I32_LT_S_AS_BRNL", "I32_LT_S+BR"),
            ("I32_LOAD8_S_A_R", "I32_LOAD8_S"),
            ("I64_ADD_SS_RET", "I64_ADD+RET"),
            ("I32_STORE_SA", "I32_STORE"),
            ("SET_A_u64", "SET_A_u64"),
        ):
            self.assertEqual(analysis.family(name), wanted)

    def test_rows_save_what_they_cover(self):
        codes = fusing.alike([self.program().code])
        load, add, branch, leave = "I32_LOAD_S_R", "I32_ADD_AK_D", "I32_LT_S_AS_BRL", "RETURN_S_u64"
        for rows, left in (
            ([], 32),
            ([(load, add)], 22),
            ([(add, branch)], 22),
            (
                [(load, add), (load, add, branch)],
                3,
            ),  # its branch goes to its beginning: no dispatch
            ([(load, branch)], 32),
            ([("ZERO", load)], 31),  # a jump to the second comes to itself
            ([("ZERO", load), (load, add)], 22),  # but what comes from the first is cut otherwise
            ([(branch, leave)], 31),  # past a branch that is not taken
        ):
            self.assertAlmostEqual(fusing.dispatches(codes, rows) * 32, left, msg=rows)

    def test_the_best_rows_come_first(self):
        codes = fusing.alike([self.program().code])
        found = choose.choose(codes, 2)
        self.assertEqual(found[1], "FUSE_LOOP(I32_LOAD_S_R__I32_ADD_AK_D, I32_LT_S_AS_BRL)\n")
        rows = fusing.rows_of("".join(found))
        self.assertAlmostEqual(fusing.dispatches(codes, rows) * 32, 3)

    def test_rows_are_read_from_the_definitions(self):
        text = "/* FUSE(first, second) */\nFUSE(A, B)\nFUSE_LOOP(A__B, C_BRL)\n"
        rows = fusing.rows_of(text)
        self.assertEqual(rows, [("A", "B"), ("A", "B", "C_BRL")])

    def test_an_incomplete_report_is_refused(self):
        with self.assertRaises(MemoryError):
            self.program("lost\n" + REPORT)

    def test_each_program_counts_alike(self):
        other = self.program(REPORT.replace("\t10", "\t1000"))
        both = analysis.Average([self.program(), other])
        self.assertAlmostEqual(both.ops["ZERO"], (1 / 32 + 1 / 3002) / 2)


class Components(unittest.TestCase):
    def test_what_the_binary_says_is_linked(self):
        """(core module $m (func (export "f") (result i32) i32.const 7))
        (core module $n (import "a" "g" (func $g (result i32))) (func (export "h") … call $g))
        (core instance $i (instantiate $m)) (alias core export $i "f")
        (core instance $j (export "g" (func 0)))
        (core instance (instantiate $n (with "a" (instance $j))))"""

        def section(number, content):
            return bytes([number, len(content)]) + content

        head = b"\0asm\1\0\0\0"
        kind = section(1, b"\1\x60\0\1\x7f")
        first = head + kind + section(3, b"\1\0") + section(7, b"\1\1f\0\0")
        first += section(10, b"\1\4\0\x41\7\x0b")
        second = head + kind + section(2, b"\1\1a\1g\0\0") + section(3, b"\1\0")
        second += section(7, b"\1\1h\0\1") + section(10, b"\1\4\0\x10\0\x0b")
        data = b"\0asm\x0d\0\1\0" + section(1, first) + section(1, second)
        data += section(2, b"\1\0\0\0") + section(6, b"\1\0\0\1\0\1f")
        data += section(2, b"\2\1\1\1g\0\0\0\1\1\1a\x12\1")
        found = components.Component(data, wherry.Store())
        self.assertEqual(found.export("h")(), 7)
        outside = b"\0asm\x0d\0\1\0" + section(4, data)
        self.assertEqual(bytes(components.innermost(outside)), data)


@unittest.skipUnless((COUNTING / "wherry").is_dir(), "./dev build counts has not been run")
class Build(unittest.TestCase):
    def test_a_loop_is_counted(self):
        program = f"import wherry; wherry.load(wat='''{LOOP}''').down(1000)"
        with tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "report.tsv")
            environment = {**os.environ, "PYTHONPATH": str(COUNTING), "WHERRY_COUNTS": report}
            subprocess.run([sys.executable, "-c", program], env=environment, check=True)
            places = analysis.read(report)
        self.assertIn(1000, {place.runs for place in places})
        self.assertIn("EXIT", {place.name for place in places})
        for place in places:
            self.assertLessEqual(place.falls, place.runs)
            self.assertIn(place.runs, (1, 1000))


if __name__ == "__main__":
    unittest.main()
