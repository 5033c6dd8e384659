"""API and worker processes under one parent, which starts, supervises and stops them."""
