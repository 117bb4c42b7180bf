"""What a new key signs before it is used (threshold signing 5.3, rule 1).

A key generation may end well for every party and yet not give a key that all of them hold alike. So every party takes
part in one signature over this digest and verifies it, and only then does the co-signer sign its key record.
"""

import hashlib

_DOMAIN = b"strongroom/key-activation/v1"


def activation_digest(
    *, environment: str, tenant_id: str, key_id: str, public_key: bytes, chain_code: bytes, transcript_hash: bytes
) -> bytes:
    """The digest of the test signature, 32 bytes.

    SHA-256 over the domain and the length-prefixed fields; no chain signs a SHA-256 of this form, so the test signature
    moves nothing.

    Args:
        environment: environment name.
        tenant_id: tenant.
        key_id: key.
        public_key: 33 bytes, compressed.
        chain_code: 32 bytes.
        transcript_hash: 32 bytes, ``KeyShare.transcript_hash``.

    Raises:
        ValueError: a field of the wrong length.
    """
    if (len(public_key), len(chain_code), len(transcript_hash)) != (33, 32, 32):
        raise ValueError("public key 33 bytes, chain code and transcript hash 32 bytes")
    names = (environment.encode(), tenant_id.encode(), key_id.encode())
    state = hashlib.sha256()
    for field in (_DOMAIN, *names, public_key, chain_code, transcript_hash):
        state.update(len(field).to_bytes(8, "big"))
        state.update(field)
    return state.digest()
