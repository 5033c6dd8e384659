"""Queries about store credit, answered from the log."""
