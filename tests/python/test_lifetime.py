"""What keeps what alive, what is given back, and what may happen in the middle."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable

import pytest
import wherry
from conftest import OWN, SANITIZED, own

Load = Callable[..., wherry.Guest]


def test_functions_keep_their_guest_alive() -> None:
    total = wherry.load(own("simple.wasm")).sum
    gc.collect()
    assert total(5, 37) == 42
    view = wherry.load(own("simple.wasm")).memory.uint8_view(0)
    gc.collect()
    view[0] = 5
    assert view[0] == 5
    greet = wherry.load(own("greet.wasm")).greet
    gc.collect()
    assert greet("Ada") == "Hello, Ada!"


def test_a_guest_without_cycles_goes_at_once() -> None:
    gc.disable()
    try:
        guest = wherry.load(own("simple.wasm"))
        guest.sum(1, 2), guest.memory, guest.exports
        gone = weakref.ref(guest.instance.store)
        del guest
        assert gone() is None
    finally:
        gc.enable()


def test_cycles_through_host_functions_are_collected() -> None:
    class Plugin:
        def __init__(self) -> None:
            names = {"on_word": self.on_word, "add": lambda x, y: self.guest.add_up(x)}
            self.guest = wherry.load(own("host.wasm"), imports={"env": names})

        def on_word(self, caller: wherry.Caller, address: int, size: int) -> None:
            pass

    plugin = Plugin()
    assert plugin.guest.words() == 5
    gone, store = weakref.ref(plugin), weakref.ref(plugin.guest.instance.store)
    del plugin
    gc.collect()
    assert gone() is None and store() is None


def tangled() -> "weakref.ref[wherry.Store]":
    store = wherry.Store()
    table = wherry.Table(store, 1, element="externref")
    table[0] = table
    linker = wherry.Linker()
    linker.define("env", "add", lambda x, y: linker and store and x, type="ii:i")
    linker.define("env", "on_word", lambda address, size: None, type="ii:")
    instance = linker.instantiate(store, wherry.Module(None, own("host.wasm")))
    assert instance.exports.add_twice(5, 1) == 5
    return weakref.ref(store)


def test_cycles_through_references_and_linkers_are_collected() -> None:
    gone = tangled()
    gc.collect()
    assert gone() is None


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def grows(use: Callable[[], object], count: int) -> int:
    """How many bytes the process gains by count uses, after a first round."""
    for _ in range(count // 5):
        use()
    gc.collect()
    before = resident()
    for _ in range(count):
        use()
    gc.collect()
    return resident() - before


COUNT = 2_000 if SANITIZED else 100_000
SLACK = (64 if SANITIZED else 2) << 20


def test_calls_leave_nothing_behind(simple: wherry.Guest, greet: wherry.Guest) -> None:
    def use() -> None:
        simple.sum(5, 37)
        simple.memory.read(0, 16)
        simple.memory.uint8_view(3)[0:5]
        greet.greet("Ada")
        greet.middle({"x": 1, "y": 2}, {"x": 3, "y": 4})
        greet.reverse(b"abc")

    assert grows(use, COUNT) < SLACK


def test_errors_leave_nothing_behind(host: Load, simple: wherry.Guest, greet: wherry.Guest) -> None:
    def fails(x: int, y: int) -> int:
        raise KeyError("mine")

    guest = host(add=fails)

    def use() -> None:
        for call in (
            lambda: guest.add_twice(1, 2),
            lambda: simple.divide(1, 0),
            lambda: simple.sum(1, "2"),
            lambda: greet.sum([1, "2"]),
            lambda: greet.broken(),
            lambda: simple.nothing_of_that_name,
            lambda: wherry.load(b"\0asm"),
        ):
            with pytest.raises(Exception):  # noqa: B017
                call()

    assert grows(use, COUNT // 50) < SLACK


def test_callbacks_leave_nothing_behind(host: Load) -> None:
    guest = host(add=lambda x, y: x + y, on_word=lambda caller, address, size: caller.memory)
    assert grows(lambda: guest.add_up(100), COUNT // 100) < SLACK
    assert grows(lambda: guest.words(), COUNT // 10) < SLACK


def test_instantiations_leave_nothing_behind() -> None:
    simple = wherry.Module(None, own("simple.wasm"))
    host = wherry.Module(None, own("host.wasm"))
    names = {"env": {"on_word": print, "add": lambda x, y: x}}

    def use() -> None:
        wherry.load(simple).sum(1, 2)
        wherry.load(host, imports=names).add_twice(1, 2)

    assert grows(use, COUNT // 2) < SLACK


def test_externrefs_of_one_object_are_one_reference(values: wherry.Guest) -> None:
    things = [object() for _ in range(10)]

    def use() -> None:
        for thing in things:
            assert values.same(thing) is thing

    assert grows(use, COUNT // 10) < SLACK


def test_ctrl_c_in_an_endless_loop(simple: wherry.Guest) -> None:
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        simple.spin()
    assert time.monotonic() - began < 10
    timer.join()
    assert simple.sum(5, 37) == 42


def test_another_thread_gets_its_turn_and_may_interrupt(simple: wherry.Guest) -> None:
    store = simple.instance.store
    errors: list[BaseException] = []

    def other() -> None:
        time.sleep(0.05)
        for use in (lambda: simple.sum(1, 2), store.close):
            try:
                use()
            except wherry.StateError as error:
                errors.append(error)
        store.interrupt()

    thread = threading.Thread(target=other)
    thread.start()
    with pytest.raises(wherry.Interrupted):
        simple.spin()
    thread.join()
    assert len(errors) == 2 and "another thread" in str(errors[0])
    assert simple.sum(5, 37) == 42


def test_stores_in_threads_of_their_own() -> None:
    module = wherry.Module(None, own("fib.wasm"))
    results: list[int] = []

    def work() -> None:
        guest = wherry.load(module)
        results.extend(guest.fib(15) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [610] * 20


def test_a_store_may_move_to_another_thread(simple: wherry.Guest) -> None:
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(simple.sum(5, 37)))
    thread.start()
    thread.join()
    assert results == [42] and simple.sum(1, 2) == 3


def run(program: str) -> subprocess.CompletedProcess[str]:
    head = f"import wherry, os, sys, gc\nfolder = {str(OWN)!r}\n"
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", head + program], capture_output=True, text=True
    )


def test_the_interpreter_may_end_with_live_objects() -> None:
    done = run("""
guest = wherry.load(folder + "/host.wasm", imports={"env": {"on_word": print, "add": max}})
memory = memoryview(guest.memory)
function, view, caller = guest.add_twice, guest.memory.uint8_view(), None
class Late:
    def __del__(self):
        guest.add_twice(1, 2)
late = Late()
late.itself = late
sys.modules["late"] = late
print(function(1, 2))
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")


def test_fork() -> None:
    done = run("""
guest = wherry.load(folder + "/simple.wasm")
guest.count()
if not (child := os.fork()):
    os._exit(0 if guest.count() == 2 and guest.sum(5, 37) == 42 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print(guest.count())
""")
    assert (done.returncode, done.stdout) == (0, "2\n")


def test_with_a_collection_at_every_chance() -> None:
    done = run("""
gc.set_threshold(1)
words = []
def on_word(caller, address, size):
    words.append(caller.memory.read_string(address, size))
for _ in range(20):
    guest = wherry.load(folder + "/host.wasm", imports={"env": {"on_word": on_word, "add": max}})
    guest.words()
greet = wherry.load(folder + "/greet.wasm")
for _ in range(20):
    path = greet.translate([{"x": i, "y": i} for i in range(20)], {"x": 1, "y": 1})
    assert [point.x for point in path] == list(range(1, 21))
    assert greet.pick(["a", "b" * 100], 1) == "b" * 100
try:
    greet.sum([1, "x"])
except TypeError:
    pass
print(len(words))
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "100\n", "")
