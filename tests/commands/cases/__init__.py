"""Commands about cases of shipments."""
