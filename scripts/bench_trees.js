// Times a tree over leaf hashes (a file of 32 bytes each) from the library that is named, kept whole and proving one leaf.
// Prints {"root", "seconds", "coreSeconds", "version"}. Both libraries are given hashes, so that neither encodes or hashes values.
const { readFileSync } = require("node:fs");
const { performance } = require("node:perf_hooks");

const [name, file] = process.argv.slice(2);
const data = readFileSync(file);
const hashes = Array.from({ length: data.length / 32 }, (_, index) => data.subarray(32 * index, 32 * index + 32));
const middle = hashes.length >> 1;

const builders = {
  "@openzeppelin/merkle-tree": () => {
    const { SimpleMerkleTree } = require("@openzeppelin/merkle-tree");
    const values = hashes.map((hash) => "0x" + hash.toString("hex"));
    return () => {
      const tree = SimpleMerkleTree.of(values);
      tree.getProof(middle);
      return tree.root;
    };
  },
  merkletreejs: () => {
    const { MerkleTree } = require("merkletreejs");
    const beside = { paths: [require.resolve("@openzeppelin/merkle-tree")] }; // the hash that the other library uses
    const { keccak256 } = require(require.resolve("ethereum-cryptography/keccak", beside));
    const hash = (bytes) => Buffer.from(keccak256(bytes));
    return () => {
      const tree = new MerkleTree(hashes, hash, { sortPairs: true, sortLeaves: true });
      tree.getHexProof(hashes[middle]);
      return tree.getHexRoot();
    };
  },
};

const build = builders[name]();
const start = performance.now();
const cores = process.cpuUsage();
const root = build();
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cores);
const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
process.stdout.write(JSON.stringify({ root, seconds, coreSeconds: (user + system) / 1e6, version }));
