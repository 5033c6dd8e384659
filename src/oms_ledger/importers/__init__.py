"""Imports of orders from files of other systems, as commands of the catalogue."""
