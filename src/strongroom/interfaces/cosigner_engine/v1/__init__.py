"""Generated from proto/strongroom/cosigner_engine/v1/cosigner_engine.proto by `make generate`; do not edit."""
