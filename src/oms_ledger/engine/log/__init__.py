"""The event log: its stores in PostgreSQL and in memory, the codec of events, positions."""
