"""Stock of a SKU at a location, and which stock an order gets."""
