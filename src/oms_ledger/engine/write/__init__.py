"""The write path: one writer thread decides batches of commands under the head lock."""
