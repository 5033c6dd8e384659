"""The read path: queries against read models and the log."""
