"""The history told again: what happened, who asked for it, why, and what it changed."""
