"""Documents, read back."""
