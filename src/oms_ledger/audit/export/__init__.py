"""Evidence to take away: events with proofs and a checkpoint, as JSON lines or Parquet."""
