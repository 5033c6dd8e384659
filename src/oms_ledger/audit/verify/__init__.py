"""Verification of the whole ledger: log, tree, invariants, receipts, read models."""
