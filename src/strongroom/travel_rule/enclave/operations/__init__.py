"""What the enclave does, one use case a module."""
