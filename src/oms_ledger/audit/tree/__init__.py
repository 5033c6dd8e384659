"""The Merkle tree over the log: tiles, proofs, signed checkpoints, the sealer that grows it."""
