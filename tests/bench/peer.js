// V8 as a peer of bench.py: each line of JSON on standard input asks for something, each line of
// JSON on standard output answers. It ends with its input.
"use strict";
const fs = require("fs");

// Seconds of CPU; where only the whole process is known, V8's own threads count while they compile.
const used = process.threadCpuUsage ? () => process.threadCpuUsage() : () => process.cpuUsage();
function cpu() {
  const { user, system } = used();
  return (user + system) * 1e-6;
}

// "i64:30" -> 30n
function value(text) {
  const [kind, number] = text.split(":");
  return kind === "i64" ? BigInt(number) : Number(number);
}

const hosts = { add: (x, y) => x + y, on_word: () => {} };

// A stand-in for everything that a module imports but those. faster: than the processor, goes the
// clock of a program that times itself.
function stubs(module, faster) {
  const imports = {};
  for (const { module: space, name, kind } of WebAssembly.Module.imports(module)) {
    imports[space] = imports[space] || {};
    if (name === "clock_ms" && faster) {
      imports[space][name] = () => (cpu() * 1000 * faster) & 0x7fffffff;
    } else if (hosts[name]) {
      imports[space][name] = hosts[name];
    } else if (kind === "function") {
      imports[space][name] = () => {
        throw new Error("stub");
      };
    } else {
      throw new Error(`import ${space}.${name} is a ${kind}`);
    }
  }
  return imports;
}

function instantiate(module, faster) {
  return new WebAssembly.Instance(module, stubs(module, faster)).exports;
}

function privateDirty() {
  const text = fs.readFileSync("/proc/self/smaps_rollup", "utf8");
  return Number(/Private_Dirty: +([0-9]+) kB/.exec(text)[1]) * 1024;
}

const kept = []; // functions that do a thing once

function keep(run) {
  kept.push(run);
  return kept.length - 1;
}

function repeat(run, count) {
  for (let i = 0; i < count; i++) run();
}

const verbs = {
  version: () => `${process.version}, V8 ${process.versions.v8}`,

  // A program of cases.json.
  prepare({ file, one, faster }) {
    const exports = instantiate(new WebAssembly.Module(fs.readFileSync(file)), faster);
    if (one.setup) {
      const state = exports.setup(...one.setup.map(value));
      exports.run(state);
      for (const [name, wanted] of Object.entries(one.check || {})) {
        const got = exports[name](state);
        if (got !== value(wanted)) throw new Error(`${name} is ${got}, not ${wanted}`);
      }
      return keep(() => exports.run(state));
    }
    const args = one.run[1].map(value);
    const run = exports[one.run[0]];
    if (one.expect && run(...args) !== value(one.expect)) throw new Error("wrong result");
    return keep(() => run(...args));
  },

  // An export with fixed arguments, called as a program would.
  call({ file, name, args }) {
    const run = instantiate(new WebAssembly.Module(fs.readFileSync(file)))[name];
    return keep(new Function("run", `return () => run(${args.join(", ")})`)(run));
  },

  // From bytes to the first call that comes back, be it with a stub's error.
  // V8 knows bytes again that it has compiled: a custom section of four makes them new each time.
  load({ file, name }) {
    const bytes = Buffer.concat([fs.readFileSync(file), Buffer.from([0, 5, 0, 0, 0, 0, 0])]);
    let times = 0;
    return keep(() => {
      bytes.writeUInt32LE(++times, bytes.length - 4);
      const exports = instantiate(new WebAssembly.Module(bytes));
      try {
        exports[name]();
      } catch (error) {
        if (error.message !== "stub") throw error;
      }
    });
  },

  check({ file }) {
    const bytes = fs.readFileSync(file);
    return keep(() => WebAssembly.validate(bytes));
  },

  // An instance of a module, again and again.
  instance({ file }) {
    const module = new WebAssembly.Module(fs.readFileSync(file));
    const imports = stubs(module);
    return keep(() => new WebAssembly.Instance(module, imports));
  },

  // Seconds of each of `count` instances that all live on; their private memory in bytes.
  instances({ file, count }) {
    const module = new WebAssembly.Module(fs.readFileSync(file));
    const imports = stubs(module);
    const made = [];
    const times = [];
    const before = privateDirty();
    for (let i = 0; i < count; i++) {
      const begin = cpu();
      made.push(new WebAssembly.Instance(module, imports));
      times.push(cpu() - begin);
    }
    return { times, memory: privateDirty() - before, made: made.length };
  },

  // What a prepared function returns.
  result: ({ id }) => kept[id](),

  // The best of `calls` calls, and of as many as last `least` seconds; those that last less than
  // `batch` seconds are timed many together.
  time({ id, least, calls, batch }) {
    const run = kept[id];
    let best = Infinity;
    let spent = 0;
    let count = 1;
    for (let done = 0; done < calls || spent < least; ) {
      const begin = cpu();
      repeat(run, count);
      const taken = cpu() - begin;
      if (taken < batch / 2) {
        count *= 2;
        continue;
      }
      best = Math.min(best, taken / count);
      spent += taken;
      done++;
    }
    return best;
  },
};

// Lines are read as they come; V8's own threads compile on meanwhile.
const chunk = Buffer.alloc(1 << 16);
let rest = "";
for (;;) {
  const size = fs.readSync(0, chunk);
  if (!size) break;
  const lines = (rest + chunk.toString("utf8", 0, size)).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    let answer;
    try {
      const asked = JSON.parse(line);
      answer = { value: verbs[asked.verb](asked) };
    } catch (error) {
      answer = { error: String(error.message || error) };
    }
    fs.writeSync(1, JSON.stringify(answer) + "\n");
  }
}
