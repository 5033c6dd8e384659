"""The read model of backorders."""
