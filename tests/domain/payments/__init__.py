"""Tests of the rules of payments."""
