"""The ledger as evidence: a Merkle tree over the events, signed checkpoints, proofs, exports."""
