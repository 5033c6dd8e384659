"""Inbound deliveries: goods that a supplier is to bring."""
