"""Generated from proto/strongroom/balances/v1/balances.proto by `make generate`; do not edit."""
