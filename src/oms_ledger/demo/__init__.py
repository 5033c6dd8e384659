"""A small made-up shop, for looking around: 60 days of orders in all states."""
