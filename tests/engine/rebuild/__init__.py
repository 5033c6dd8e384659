"""Read models folded anew while they are in use."""
