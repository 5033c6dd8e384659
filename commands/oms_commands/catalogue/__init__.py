"""Commands about products and locations."""
