"""Everything it takes to check evidence from a ledger, away from it.

Needs Python and the `cryptography` package; no database, no network, nothing else of oms-ledger.
Copy this folder to an auditor's machine and run

    python -m standalone EXPORT --key VERIFIER_KEY [--checkpoint FILE]

The formats are in docs/audit.md. The ledger itself uses these same functions, so that there is
one definition of what is hashed and what is accepted.
"""
