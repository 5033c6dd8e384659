"""Drafts: orders that are being prepared."""
