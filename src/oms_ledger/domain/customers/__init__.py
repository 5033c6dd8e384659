"""Customers: legal holds, erasure, periods of retention."""
