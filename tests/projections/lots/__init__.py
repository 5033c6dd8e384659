"""The read model of drafts."""
