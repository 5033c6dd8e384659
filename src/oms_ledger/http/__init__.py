"""The HTTP door. Routes are made from the catalogues of commands and queries."""
