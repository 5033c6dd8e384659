"""The log and its two loops; the only ring that speaks to the database."""
