"""Queries over HTTP: read models, micro-batched."""
