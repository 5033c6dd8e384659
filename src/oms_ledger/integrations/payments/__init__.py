"""Payment providers, a folder each."""
