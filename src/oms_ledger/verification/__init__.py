"""The whole ledger verified. Start reading at `whole.py`."""
