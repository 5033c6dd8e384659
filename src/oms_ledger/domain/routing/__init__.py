"""Routing: which places an order's units are sent from, by the rules of its channel."""
