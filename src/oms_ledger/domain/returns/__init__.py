"""Returns, exchanges and claims: each has its own stream. The windows of return policies."""
