"""Replay: each event with a description, its actor, its cause, and the fields it changed."""
