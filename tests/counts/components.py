"""The core modules inside a component, instantiated as the component says; nothing is lifted.

Enough of the binary format to follow core instances and their names; what a component imports from
outside itself traps unless it is given.
"""

import wherry

CORE_MODULE, CORE_INSTANCE, COMPONENT, ALIAS, CANON, IMPORT, EXPORT = 1, 2, 4, 6, 8, 10, 11
CORE, FUNC = 0, 1  # sorts
CORE_FUNC, CORE_SORT_MODULE = 0, 0x11
LIFT, LOWER, RESOURCE_NEW, RESOURCE_DROP, RESOURCE_REP = range(5)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def name(self):
        size = self.number()
        self.at += size
        return bytes(self.data[self.at - size : self.at]).decode()

    def extern_name(self):
        if self.byte() == 2:
            raise ValueError("a name with options")
        return self.name()

    def sort(self):
        """A sort of the component, or CORE and a sort of core."""
        sort = self.byte()
        return (sort, self.byte()) if sort == CORE else (sort, None)


def sections(data):
    reader = Reader(data)
    reader.at = 8
    while reader.at < len(data):
        number = reader.byte()
        size = reader.number()
        yield number, data[reader.at : reader.at + size]
        reader.at += size


class Component:
    """Instantiated in a store. instances: dictionaries of what each core instance exports."""

    def __init__(self, data, store, host=None):
        self.store, self.host = store, host or {}
        self.modules, self.instances = [], []
        self.core = {}  # sort -> its index space; a name in place of a function to be stubbed
        self.funcs = []  # names
        self.handles = {}
        for number, content in sections(data):
            reader = Reader(content)
            if number == CORE_MODULE:
                self.modules.append(bytes(content))
            elif number == CORE_INSTANCE:
                self.each(reader, self.core_instance)
            elif number == ALIAS:
                self.each(reader, self.alias)
            elif number == CANON:
                self.each(reader, self.canon)
            elif number == IMPORT:
                self.each(reader, self.imported)
            elif number == EXPORT:
                self.each(reader, self.exported)

    @staticmethod
    def each(reader, read):
        for _ in range(reader.number()):
            read(reader)

    def export(self, name):
        """The function that an instance exports under that name."""
        for instance in self.instances:
            if name in instance:
                return instance[name]
        raise KeyError(name)

    def memory(self):
        return self.export("memory")

    def stub(self, name):
        def trap(*args):
            raise RuntimeError(f"{name} was called")

        def remember(rep):
            self.handles[len(self.handles) + 1] = rep
            return len(self.handles)

        own = {
            "resource.new": remember,
            "resource.rep": lambda handle: self.handles[handle],
            "resource.drop": lambda handle: None,
        }
        return self.host.get(name) or own.get(name) or trap

    def core_instance(self, reader):
        exports = {}
        if reader.byte() == 1:
            for _ in range(reader.number()):
                name, sort, index = reader.name(), reader.byte(), reader.number()
                item = self.core[sort][index]
                exports[name] = self.stub(item) if isinstance(item, str) else item
        else:
            module = wherry.Module(None, self.modules[reader.number()])
            given = {}
            for _ in range(reader.number()):
                name = reader.name()
                reader.byte()
                given[name] = self.instances[reader.number()]
            instance = wherry.Instance(self.store, module, given)
            exports = {export.name: instance.exports[export.name] for export in module.exports}
        self.instances.append(exports)

    def alias(self, reader):
        sort, core_sort = reader.sort()
        target = reader.byte()
        index = reader.number()
        if target == 2:
            reader.number()
            item = None
        else:
            name = reader.name()
            item = self.instances[index][name] if target == 1 else name
        if sort == CORE:
            self.core.setdefault(core_sort, []).append(item)
        elif sort == FUNC:
            self.funcs.append(item)

    def canon(self, reader):
        kind = reader.byte()
        if kind in (LIFT, LOWER):
            reader.byte()
        index = reader.number()
        if kind in (LIFT, LOWER):
            for _ in range(reader.number()):
                if reader.byte() > 2:  # not a string encoding: an index
                    reader.number()
        if kind == LIFT:
            reader.number()
            self.funcs.append("lifted")
            return
        names = {
            RESOURCE_NEW: "resource.new",
            RESOURCE_DROP: "resource.drop",
            RESOURCE_REP: "resource.rep",
        }
        if kind != LOWER and kind not in names:
            raise ValueError(f"canon {kind}")
        name = self.funcs[index] if kind == LOWER else names[kind]
        self.core.setdefault(CORE_FUNC, []).append(name)

    def imported(self, reader):
        name = reader.extern_name()
        sort, _ = reader.sort()
        if sort == 3:
            if reader.byte() == 0:
                reader.number()
            return
        reader.number()
        if sort == FUNC:
            self.funcs.append(name)

    def exported(self, reader):
        name = reader.extern_name()
        sort, _ = reader.sort()
        reader.number()
        if reader.byte():
            raise ValueError(f"the export {name} has a type of its own")
        if sort == FUNC:
            self.funcs.append(name)


def innermost(data):
    """The component, in data or inside it, that holds the largest core module."""
    best = (0, data)

    def look(component):
        nonlocal best
        for number, content in sections(component):
            if number == CORE_MODULE and len(content) > best[0]:
                best = (len(content), component)
            elif number == COMPONENT:
                look(content)

    look(memoryview(data))
    return best[1]
