"""The feed of events, by page and as server-sent events."""
