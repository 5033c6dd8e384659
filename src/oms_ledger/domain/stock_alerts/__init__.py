"""Alerts of stock: units below which a SKU is low, and the crossings of them."""
