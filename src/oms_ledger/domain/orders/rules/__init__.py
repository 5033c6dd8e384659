"""Decisions about orders that several commands share."""
