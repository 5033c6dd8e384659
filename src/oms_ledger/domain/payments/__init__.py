"""Payments of orders: each has its own stream."""
