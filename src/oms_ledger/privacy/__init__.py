"""Personal and health data: sealed on the way in, disclosed on record, erased, retained."""
