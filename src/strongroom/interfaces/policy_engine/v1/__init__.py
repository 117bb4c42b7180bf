"""Generated from proto/strongroom/policy_engine/v1/policy_engine.proto by `make generate`; do not edit."""
