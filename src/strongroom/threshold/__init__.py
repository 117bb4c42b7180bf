"""Threshold signing: the only package that knows the native extension.

``backend`` is what a co-signer may ask of a threshold library, ``ecdsa`` answers it with DKLs23, ``activation`` says
what a new key must sign before it is used, ``backup`` what a share in a safe is. Encrypting, signing and routing
messages is the co-signer's, and so are journal and bans. A share is secret: it must never be copied, pickled, printed
or stored unsealed, and the types here refuse it.
"""
