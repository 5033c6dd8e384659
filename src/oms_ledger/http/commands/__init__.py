"""Commands over HTTP: one at a time and in batches."""
