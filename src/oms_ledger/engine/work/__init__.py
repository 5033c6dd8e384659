"""Jobs that run beside the API: the loop that supervises each, its lock, and its state."""
