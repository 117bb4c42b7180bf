"""Generated from proto/strongroom/nodes/v1/nodes.proto by `make generate`; do not edit."""
