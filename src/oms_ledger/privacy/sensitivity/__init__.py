"""Health data: which orders and products are sensitive, and what of them is masked."""
