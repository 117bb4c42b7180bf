"""The co-signers, behind one port: they dial in, the engine orders, they report."""
