"""Checkpoints copied to where the database's owner cannot reach them."""
