"""Exports for auditors: events with proofs and a checkpoint, as JSON lines or Parquet."""
