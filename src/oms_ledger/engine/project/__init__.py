"""Projection: pages of the log are folded into the tables of read models."""
