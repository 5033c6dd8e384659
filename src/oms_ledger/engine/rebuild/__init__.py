"""Rebuilds: a read model built anew beside the live one, compared, swapped, swapped back."""
