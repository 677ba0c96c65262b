"""The explicit level, and the functions that SWIG makes beneath it."""

import pathlib
import re

import pytest
import wherry
from conftest import ROOT, own
from wherry import _wherry


def test_engine_module_store_instance() -> None:
    engine = wherry.Engine(wherry.Config(features={"tail-call": False}, tick=1000))
    module = wherry.Module(engine, own("simple.wasm"))
    store = wherry.Store(engine)
    instance = wherry.Instance(store, module)
    assert instance.exports.sum(5, 37) == 42
    assert instance.store is store and instance.module is module and store.engine == engine
    assert instance.memory.read_string(instance.exports.string()) == "Hello, World!"
    assert store.instances == 1 and store.memory_used == 65536 and store.table_used >= 0
    other = wherry.Instance(store, module)
    assert [instance.exports.count(), instance.exports.count(), other.exports.count()] == [1, 2, 1]
    with wherry.Store(engine) as third:
        last = wherry.Instance(third, module)
    assert third.closed
    with pytest.raises(wherry.StateError):
        last.exports.sum(1, 2)
    with pytest.raises(wherry.StateError):
        wherry.Instance(third, module)


def test_the_explicit_level_shows_core_exports_only() -> None:
    instance = wherry.Instance(wherry.Store(), wherry.Module(None, own("greet.wasm")))
    assert "cabi_realloc" in instance.exports
    assert isinstance(instance.exports["greet"], wherry.Func)


def test_what_a_module_tells() -> None:
    module = wherry.Module(None, own("host.wasm"))
    assert ("env", "add") in {(entry.module, entry.name) for entry in module.imports}
    assert {entry.kind for entry in module.imports} == {"func"}
    exports = {entry.name: entry for entry in module.exports}
    assert exports["memory"].kind == "memory" and exports["memory"].type.startswith("memory 1")
    assert exports["add_twice"].type == "func (i32, i32) -> i32"
    assert module.data == own("host.wasm")
    assert module.function_count >= 5 and module.compiled_count == 0
    imports = {"env": {"on_word": print, "add": max}}
    wherry.load(module, imports=imports).add_twice(1, 2)
    assert module.compiled_count >= 1
    greet = wherry.Module(None, own("greet.wasm"))
    names = [section for section in greet.custom_sections("component-type:greet")]
    assert all(isinstance(section, bytes) for section in names)
    assert "exports" in repr(module)


def test_a_module_with_a_feature_that_is_off() -> None:
    engine = wherry.Engine(wherry.Config(features={"multi-value": False}))
    with pytest.raises(wherry.InvalidError, match="multi-value"):
        wherry.Module(engine, own("values.wasm"))
    with pytest.raises(wherry.RangeError, match='no feature "flying"; there are multi-value, '):
        wherry.Config(features={"flying": True})
    with pytest.raises(ValueError, match='no feature "tail-cal"; did you mean "tail-call"'):
        wherry.Config(features="-simd,tail-cal")
    with pytest.raises(TypeError):
        wherry.Config(features={7: True})  # type: ignore[dict-item]


def test_deterministic_nans() -> None:
    engine = wherry.Engine(wherry.Config(deterministic=True))
    text = '(func (export "f") (result i32) (i32.reinterpret_f32 (f32.sqrt (f32.const -1))))'
    assert wherry.load(wat=text, engine=engine).f() == 0x7FC00000
    assert wherry.load(wat=text).f() & 0x7FC00000 == 0x7FC00000


def test_features_that_a_module_needs() -> None:
    assert wherry.Module(None, own("vector.wasm")).features == [
        "multi-value",
        "mutable-globals",
        "simd",
    ]
    assert wherry.Module(None, own("fib.wasm")).features == []


def test_features_bring_what_they_need() -> None:
    config = wherry.Config(features={"simd": False, "tail_call": False})
    assert not config.features["simd"]
    assert not config.features["relaxed-simd"]
    assert not config.features["tail-call"]
    assert config.features["multi-value"]
    features = wherry.Engine(wherry.Config(features="none,+relaxed-simd")).features
    assert {name for name, on in features.items() if on} == {"simd", "relaxed-simd"}
    with pytest.raises(wherry.RangeError):
        wherry.Config(stack_size=1)


def test_linker() -> None:
    store = wherry.Store()
    linker = wherry.Linker()
    words = []
    linker.define("env", "add", lambda x, y: x + y, type="ii:i")
    with pytest.raises(wherry.LinkError, match="on_word"):
        linker.instantiate(store, wherry.Module(None, own("host.wasm")))

    def on_word(caller: wherry.Caller, address: int, size: int) -> None:
        words.append(caller.memory.read_string(address, size))

    linker.define("env", "on_word", wherry.Func(store, "ii:", on_word))
    instance = linker.instantiate(store, wherry.Module(None, own("host.wasm")))
    assert instance.exports.add_twice(1, 20) == 41
    assert instance.exports.words() == 5 and words[0] == "small"
    linker.define_instance("guest", instance)
    assert linker.get(store, "guest", "add_twice")(1, 20) == 41
    assert linker.get(store, "guest", "memory") == instance.memory
    with pytest.raises(wherry.LinkError):
        linker.get(store, "guest", "nothing")
    with pytest.raises(TypeError):
        linker.define("env", "five", 5)
    second = wherry.Store()
    linker.define("env", "on_word", lambda address, size: None, type="ii:")
    other = linker.instantiate(second, wherry.Module(None, own("host.wasm")))
    del linker
    assert other.exports.add_up(101) == 5050


def test_a_memory_shared_by_two_instances() -> None:
    store = wherry.Store()
    memory = wherry.Memory(store, 1, 2)
    assert (memory.size, memory.maximum) == (1, 2)
    assert wherry.Memory(store, 1).maximum is None
    assert memory != wherry.Memory(store, 1)
    with pytest.raises(wherry.RangeError):
        wherry.Memory(store, 3, 2)
    with pytest.raises(wherry.RangeError):
        wherry.Memory(store, 65537)


def test_tables_and_globals_by_themselves() -> None:
    store = wherry.Store()
    table = wherry.Table(store, 2, element="externref", initial="first")
    assert list(table) == ["first", "first"] and table.maximum is None
    table[1] = {"any": "object"}
    assert table[1] == {"any": "object"}
    with pytest.raises(TypeError):
        wherry.Table(store, 1, element="i32")
    number = wherry.Global(store, wherry.Value.f32(0.5), mutable=True)
    number.value = 2
    assert number.value == 2.0 and number.type == "f32" and number == number
    thing = wherry.Global(store, wherry.Value("externref", store), mutable=True)
    assert thing.value is store
    thing.value = None
    assert thing.value is None
    with pytest.raises(TypeError, match="expected a Value"):
        wherry.Global(store, 5)


def test_every_handle_refuses_what_it_is_not() -> None:
    store, engine = wherry.Store(), wherry.Engine()
    with pytest.raises(TypeError, match="expected Engine, got Store"):
        wherry.Store(store)
    with pytest.raises(TypeError, match="expected Config, got int"):
        wherry.Engine(5)
    with pytest.raises(TypeError, match="expected Store, got Engine"):
        _wherry.store_fuel(engine)
    with pytest.raises(TypeError, match="expected Memory, got NoneType|None"):
        _wherry.memory_grow(None, 1)
    with pytest.raises(TypeError, match="expected a type, got int"):
        _wherry.type_kind(5)


# ---- What SWIG makes ----


def test_swig_integers_are_whole_and_checked() -> None:
    store = wherry.Store()
    _wherry.store_set_fuel(store, 2**64 - 1)
    assert _wherry.store_fuel(store) == 2**64 - 1
    for wrong in (-1, 2**64):
        with pytest.raises(OverflowError):
            _wherry.store_set_fuel(store, wrong)
    with pytest.raises(TypeError):
        _wherry.store_set_fuel(store, 1.5)
    with pytest.raises(OverflowError):
        _wherry.config_set_call_depth(wherry.Config(), 2**32)


def test_swig_results_and_parts() -> None:
    store = wherry.Store()
    memory = wherry.Memory(store, 1, 5)
    assert tuple(_wherry.memory_limits(memory)) == (1, 5)
    assert _wherry.memory_grow(memory, 2) == 1
    module = _wherry.module_new(wherry.Engine(), own("greet.wasm"))
    assert isinstance(module, wherry.Module)
    world = _wherry.module_world(module)
    assert _wherry.world_name(world) == "wherry:greet/greet"
    count = _wherry.world_export_count(world)
    functions = [_wherry.world_export(world, i) for i in range(count)]
    del module, world  # the parts keep the module alive
    names = {_wherry.witfunc_name(function) for function in functions}
    assert {"greet", "middle", "echo-u64"} <= names
    function = next(f for f in functions if _wherry.witfunc_name(f) == "middle")
    type = _wherry.witfunc_result(function)
    assert _wherry.type_print(type) == "point" and _wherry.type_field_name(type, 0) == "x"
    assert _wherry.witfunc_interface(function) == "wherry:greet/geometry"
    plain = _wherry.module_new(wherry.Engine(), own("simple.wasm"))
    assert _wherry.module_world(plain) is None and _wherry.module_name(plain) in (
        None,
        "simple",
        "simple.wasm",
    )


def test_swig_entities() -> None:
    store = _wherry.store_new(wherry.Engine())
    assert isinstance(store, wherry.Store)
    module = wherry.Module(None, own("simple.wasm"))
    instance = wherry.Instance(wherry.Store(), module)
    assert _wherry.instance_find(instance, "sum")(5, 37) == 42
    assert isinstance(_wherry.instance_export(instance, 0), (wherry.Func, wherry.Memory))
    assert _wherry.instance_module(instance).exports == module.exports
    index, name = _wherry.func_describe(instance.exports.sum)
    assert index >= 0 and name == "sum"
    with pytest.raises(wherry.RangeError):
        _wherry.instance_export(instance, 1000)
    with pytest.raises(wherry.LinkError, match="divide"):
        _wherry.instance_find(instance, "divid")
    instance.store.close()
    with pytest.raises(wherry.StateError):
        _wherry.instance_find(instance, "sum")


def test_every_public_function_is_reachable_or_listed() -> None:
    """A function of the headers is a function of the module, or swig says why it is not."""
    interface = (ROOT / "swig" / "wherry.i").read_text() + (ROOT / "swig" / "python.i").read_text()
    plain = set(re.findall(r"^%ignore (\w+);", interface, re.M))
    patterns = re.findall(r'\$ignore", regextarget=1, fullname=1\) "([^"]+)"', interface)
    missing = []
    for header in sorted(pathlib.Path(ROOT, "core", "include", "wherry").glob("*.h")):
        for function in re.findall(r"WHERRY_API [^;(]*?\b(wherry_\w+)\(", header.read_text()):
            if hasattr(_wherry, function.removeprefix("wherry_")) or function in plain:
                continue
            if not any(re.search(pattern, function) for pattern in patterns):
                missing.append(function)
    assert missing == []
