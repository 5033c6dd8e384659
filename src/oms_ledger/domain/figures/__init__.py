"""Answers of figures."""
