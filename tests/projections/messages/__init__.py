"""The read model of messages."""
