"""The signed documents of trust.md: frozen, deterministic CBOR, verified here, carried everywhere as bytes."""
