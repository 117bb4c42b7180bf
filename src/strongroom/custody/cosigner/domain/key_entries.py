"""What the journal says of keys. A sealed share is not in it: an old one has to be deleted, a journal never is.

``blob_hash`` is the SHA-256 of the sealed share, which lies beside the journal. ``facts_hash`` is what the three key
records of one ceremony have in common. Hashes have 32 bytes, moments are Unix seconds.
"""

from strongroom.kernel.documents.codec import Document


class _Made(Document, frozen=True):
    tenant: str
    key_id: str
    epoch: int
    request_nonce: bytes
    request_hash: bytes
    ceremony_id: bytes
    public_key: bytes
    chain_code: bytes
    facts_hash: bytes
    blob_hash: bytes
    record: bytes
    at: int


class KeyGenerated(_Made, frozen=True):
    """A share of a new key that signed its test signature; ``record`` is the signed key record."""


class KeyRefreshed(_Made, frozen=True):
    """A share of a later epoch that signed its test signature; it waits for all three records."""


class KeyActivated(Document, frozen=True):
    """All three recorded a later epoch: its share is used from now on, every older one is deleted."""

    tenant: str
    key_id: str
    epoch: int
    facts_hash: bytes
    records: tuple[bytes, ...]
    at: int


class BackedUp(Document, frozen=True):
    """The current share was sealed to its holder's offline key: ``file_hash`` of the file, ``recovery_key`` X25519."""

    tenant: str
    key_id: str
    epoch: int
    facts_hash: bytes
    file_hash: bytes
    recovery_key: bytes
    at: int


class ShareRestored(Document, frozen=True):
    """A share from its backup, after the journal was lost: it signs nothing before a complete refresh."""

    tenant: str
    key_id: str
    epoch: int
    public_key: bytes
    chain_code: bytes
    facts_hash: bytes
    request_hash: bytes
    blob_hash: bytes
    record: bytes
    file_hash: bytes
    at: int
