"""Counts of stock: what is on the shelves, compared with what is recorded."""
