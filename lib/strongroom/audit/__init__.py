"""The audit log: an append-only file, its Merkle tree, its signed heads, and whether it is still what was signed."""
