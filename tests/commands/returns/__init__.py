"""Commands about returns."""
