"""Reservations: stock that is held for a time, for an order that may follow."""
