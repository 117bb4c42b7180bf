"""Generated from proto/strongroom/transaction_manager/v1/transaction_manager.proto by `make generate`; do not edit."""
