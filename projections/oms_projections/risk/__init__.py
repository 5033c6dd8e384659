"""Queries about hold rules and the blocked list, answered from the log."""
