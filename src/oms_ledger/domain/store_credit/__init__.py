"""Store credit and gift balances: each account has its own stream."""
