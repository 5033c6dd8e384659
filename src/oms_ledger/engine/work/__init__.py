"""Background jobs of which one process at a time does each."""
