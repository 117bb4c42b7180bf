"""Generated from proto/strongroom/secure_vault/v1/secure_vault.proto by `make generate`; do not edit."""
