"""Keys and rights: who somebody is, and what they may do. Pure; no database, no HTTP."""
