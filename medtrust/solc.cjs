// The Solidity compiler of the npm package `solc`, behind the command line of the native one.
//
//   node solc.cjs PACKAGE --version
//   node solc.cjs PACKAGE --standard-json [--base-path P] [--include-path P] [--allow-paths P,P]
//   node solc.cjs PACKAGE --serve     one request per line in, one answer per line out, until the input ends
//
// PACKAGE is the folder of the npm package. The compiler is loaded once, which costs half a second; --serve keeps it.
"use strict";

const fs = require("fs");
const path = require("path");
const readline = require("readline");

const [folder, ...flags] = process.argv.slice(2);
const solc = require(path.resolve(folder));
process.removeAllListeners("uncaughtException"); // the compiler hides the errors of this file otherwise

// Around each call that may throw, the compiler looks a function up in its table, which is a third of its time: remember
// what was found. The table keeps its functions but for those that `set` puts there.
function rememberFunctions() {
  const loaded = Object.values(require.cache).find((one) => path.basename(one.filename) === "soljson.js");
  const tables = Object.values(loaded?.exports.asm ?? {}).filter((one) => one instanceof WebAssembly.Table);
  for (const table of tables) {
    const found = [];
    const [get, set] = [table.get.bind(table), table.set.bind(table)];
    table.get = (place) => (found[place] ??= get(place));
    table.set = (place, value) => {
      found[place] = undefined;
      set(place, value);
    };
  }
}

function valuesOf(flag) {
  return flags.flatMap((word, place) => (word === flag ? [flags[place + 1]] : []));
}

function readSource(name) {
  const places = [...valuesOf("--base-path"), ...valuesOf("--include-path"), "."];
  for (const place of places) {
    const file = path.resolve(place, name);
    if (fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `File not found: ${name}` };
}

function serve() {
  process.stdout.write(JSON.stringify({ version: solc.version() }) + "\n");
  readline.createInterface({ input: process.stdin }).on("line", (line) => {
    process.stdout.write(solc.compile(line) + "\n");
  });
}

rememberFunctions();
if (flags.includes("--serve")) {
  serve();
} else if (flags.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (flags.includes("--standard-json")) {
  const pieces = []; // a stream, as reading a pipe at one go fails while its writer is slow
  process.stdin.on("data", (piece) => pieces.push(piece));
  process.stdin.on("end", () => {
    const request = Buffer.concat(pieces).toString("utf8");
    process.stdout.write(solc.compile(request, { import: readSource }) + "\n");
  });
} else {
  process.stderr.write("Invalid option: this compiler answers --version, --standard-json and --serve\n");
  process.exitCode = 1;
}
