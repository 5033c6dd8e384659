"""Customers: their orders, and everything known of one person."""
