"""Shipments: from packing to delivery."""
