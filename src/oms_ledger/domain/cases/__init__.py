"""Cases: exceptions of shipments that somebody works on and closes."""
