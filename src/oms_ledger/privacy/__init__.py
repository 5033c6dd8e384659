"""Personal and health data: sealed on the way in, shown on record, masked, erased, kept for a period."""
