"""Lots of products: their status, their last day of use; and units with a serial number."""
