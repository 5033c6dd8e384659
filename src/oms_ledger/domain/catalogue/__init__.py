"""Products, locations and channels."""
