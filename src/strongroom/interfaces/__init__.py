"""What services agree on: generated gRPC stubs, who may call what, the order of the flow."""
