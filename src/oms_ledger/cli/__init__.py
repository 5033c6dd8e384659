"""The command line. `oms-ledger --help` is its table of contents; `main.py` is where it begins."""
