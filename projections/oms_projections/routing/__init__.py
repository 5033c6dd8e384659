"""Queries about routing, answered from the log."""
