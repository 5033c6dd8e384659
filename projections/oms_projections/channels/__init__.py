"""Queries about channels, answered from the log."""
