"""Connections: accounts at vendors (payment providers, carriers, sales channels)."""
