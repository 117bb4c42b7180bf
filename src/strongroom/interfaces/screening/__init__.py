"""Generated from proto/strongroom/screening/v1/screening.proto by `make generate`; do not edit."""
