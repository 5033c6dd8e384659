"""The read model of reservations."""
