"""The read model of cases."""
