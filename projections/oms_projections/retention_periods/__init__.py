"""Periods of retention, and whose data is due."""
