"""Key-encryption keys (KEKs), which wrap data keys: local ones in a file or setting, or wrapping
keys under a root key in AWS KMS or a Vault transit engine."""
