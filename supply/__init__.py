"""What the program depends on: under which licences, with which known holes, and a list of it.

Not shipped. `make audit` and `make sbom` run it, with tools that have a place of their own.
"""
