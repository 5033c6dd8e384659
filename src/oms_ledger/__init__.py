"""An order management system whose source of truth is an append-only ledger of events."""
