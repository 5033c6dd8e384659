"""What the ledger does at vendors, and what they report: ports, and a folder for each vendor."""
