"""Running the shop: API and worker processes under one parent that starts, watches and stops
them."""
