"""Commands about customers and their personal data."""
