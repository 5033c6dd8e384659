"""Tests of commands about payments."""
