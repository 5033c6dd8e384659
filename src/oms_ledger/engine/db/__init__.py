"""The database kit: connections, roles, migrations, the embedded server, SQL statements."""
