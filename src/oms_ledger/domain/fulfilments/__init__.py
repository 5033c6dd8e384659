"""Fulfilment orders: the work of one location with one order, from allocation to hand-over."""
