"""What a co-signer knows and decides, without input or output.

The handoff of an ``EngineOrder`` covers the order it carries, not the frame around it: its payload hash is SHA-256 over
``order.seek_consent.SerializeToString(deterministic=True)`` (and likewise for the other orders), its operation is
``cosigner_engine.v1.CosignerLink/SeekConsent`` (the name of the order's message), its audience ``cosigner-N``.
"""
