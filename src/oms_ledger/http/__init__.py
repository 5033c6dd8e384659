"""The HTTP API. Routes are made from the catalogues of commands and queries.

This package imports nothing, so that one of its modules can be used without the application:
`oms_ledger.http.app.create_app` makes that.
"""
