// Builds trees with @openzeppelin/merkle-tree and prints what they hold, for comparison with ours.
// stdin: {types, values, sizes, dumped, proved}: a tree of each size over the first values; `dumped` sizes whole,
// all proofs up to size `proved`, above it those of the first, middle and last value.
const { readFileSync } = require("node:fs");
const { StandardMerkleTree } = require("@openzeppelin/merkle-tree");

const { types, values, sizes, dumped, proved } = JSON.parse(readFileSync(0, "utf8"));
const answers = sizes.map((size) => {
  const tree = StandardMerkleTree.of(values.slice(0, size), types);
  const indices = size <= proved ? [...Array(size).keys()] : [0, size >> 1, size - 1];
  return {
    size,
    root: tree.root,
    proofs: indices.map((index) => [index, tree.getProof(index)]),
    nodes: dumped.includes(size) ? tree.dump().tree : null,
  };
});
process.stdout.write(JSON.stringify(answers));
