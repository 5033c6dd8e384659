"""Commands about fulfilment orders."""
