"""Verifies exports of a ledger, without the ledger.

It needs Python and the `cryptography` package; no database, no network, nothing else of oms-ledger.
Copy this folder to an auditor's machine and run

    python -m standalone EXPORT --key VERIFIER_KEY [--checkpoint FILE]

The formats are described in docs/audit.md. The ledger uses the same functions, so that there is one
definition of what is hashed and what is accepted.
"""
