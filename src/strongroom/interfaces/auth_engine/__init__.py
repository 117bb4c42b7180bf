"""Generated from proto/strongroom/auth_engine/v1/auth_engine.proto by `make generate`; do not edit."""
