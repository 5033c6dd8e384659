"""Key-encryption keys: in a file or setting, in AWS KMS, in a Vault transit engine."""
