"""Who may use the API: keys, roles, scopes, rate limits, OpenID Connect tokens."""
