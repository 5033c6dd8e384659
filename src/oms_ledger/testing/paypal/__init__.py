"""A stand-in for PayPal that keeps books: for tests, and for demos without an account."""
