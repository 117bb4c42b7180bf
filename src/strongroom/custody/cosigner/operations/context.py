"""What the operations work with: narrow ports, and what may be forgotten at a restart."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from strongroom.custody.cosigner.domain.alarms import ALARMS_PER_HOUR, AlarmWindow
from strongroom.custody.cosigner.domain.callback import Handler
from strongroom.custody.cosigner.domain.ceremony import QUORUM, sealing_data, shared_secret
from strongroom.custody.cosigner.domain.entries import PeerHead
from strongroom.custody.cosigner.domain.hour import HOUR_S, HourWindow
from strongroom.custody.cosigner.domain.limits import Limits, SpendingWindow
from strongroom.custody.cosigner.domain.orders import SeekConsent
from strongroom.custody.cosigner.store import (
    Journal,
    StoredKey,
    find_document_set,
    find_key,
    find_suppressed_since,
    get_share_blob,
    list_alarm_times,
    list_pending_keys,
    list_spending,
    list_unseen_closing_times,
)
from strongroom.kernel.documents.codec import Document, decode, encode
from strongroom.kernel.documents.consent import Consent, cosigner_name
from strongroom.kernel.documents.document_set import DocumentSet, parse_document_set
from strongroom.kernel.documents.intent import PublicKey, default_key_id
from strongroom.kernel.documents.signing import Kind, Signature, Signed, signing_bytes
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.clock import Clock
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.kms import Signer
from strongroom.threshold.backend import EcdsaBackend, KeyShare, SealingKey

_SHARES_MAX: Final = 64
_LIVE_MAX: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConsent:
    """A consent of this process's life whose ceremony has not begun: its nonce may be used once."""

    order: SeekConsent
    consent: Consent
    document: bytes


@final
class Memory:
    """What may be forgotten: documents, unsealed shares, live consents, the sums of a day, heads not kept yet."""

    def __init__(self) -> None:
        self.live: OrderedDict[bytes, LiveConsent] = OrderedDict()
        self.window = SpendingWindow()
        self.document_sets: dict[str, DocumentSet] = {}
        self.keys: dict[str, StoredKey] = {}
        self.shares: OrderedDict[tuple[bytes, str], KeyShare] = OrderedDict()
        self.secrets: dict[bytes, bytes] = {}
        self.heads: dict[tuple[str, int], PeerHead] = {}
        self.alarms: AlarmWindow | None = None
        self.unanswered: OrderedDict[bytes, float] = OrderedDict()
        self.closings: HourWindow | None = None
        self.seen_changes = -1

    def forget_documents(self) -> None:
        """Another process has written, or this one has installed something."""
        self.document_sets.clear()
        self.keys.clear()

    def forget_shares(self) -> None:
        """A share was replaced: no consent under the old one begins a ceremony, and none stays in memory."""
        self.forget_documents()
        self.live.clear()
        self.shares.clear()

    def remember(self, live: LiveConsent) -> None:
        """Keep a live consent; an older one for the same request can no longer begin a ceremony."""
        self.forget_request(live.consent.request_hash)
        self.live[live.consent.ceremony_id] = live
        while len(self.live) > _LIVE_MAX:
            self.live.popitem(last=False)

    def forget_tenant(self, tenant: str) -> None:
        """Drop every live consent of a tenant: it was given under another document set."""
        for ceremony_id in [key for key, live in self.live.items() if live.order.tenant_id == tenant]:
            del self.live[ceremony_id]

    def forget_request(self, request_hash: bytes) -> None:
        """Drop every live consent of a request."""
        for ceremony_id in [key for key, live in self.live.items() if live.consent.request_hash == request_hash]:
            del self.live[ceremony_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The ports of one co-signer."""

    index: int
    environment: Environment
    limits: Limits
    clock: Clock
    entropy: Entropy
    signer: Signer
    encryption_key: X25519PrivateKey
    sealing_key: SealingKey
    backend: EcdsaBackend
    journal: Journal
    handler: Handler | None = None
    memory: Memory = field(default_factory=Memory)

    @property
    def peers(self) -> tuple[int, ...]:
        """The two others."""
        return tuple(index for index in QUORUM if index != self.index)

    def now_s(self) -> int:
        """Unix seconds."""
        return int(self.clock.now().timestamp())

    def sign(self, *, kind: Kind, tenant_id: TenantId, document: Document) -> bytes:
        """The encoded ``Signed`` of a document by this co-signer."""
        return self.sign_payload(kind=kind, tenant_id=tenant_id, payload=document.encode())

    def sign_payload(self, *, kind: Kind, tenant_id: TenantId, payload: bytes) -> bytes:
        """The encoded ``Signed`` of bytes that are a document's encoding already."""
        message = signing_bytes(kind=kind, environment=self.environment, tenant_id=tenant_id, payload=payload)
        signature = Signature(signer=cosigner_name(self.index), signature=self.signer.sign(message))
        return encode(
            Signed(kind=kind, environment=self.environment, tenant=tenant_id, payload=payload, signatures=(signature,))
        )

    def load_spending(self, *, since: int) -> None:
        """Fill the window of the last day from the journal."""
        for spending in list_spending(self.journal.db, since=since):
            self.memory.window.add(spending)

    def get_alarms(self) -> AlarmWindow:
        """The alarms of the last hour."""
        if self.memory.alarms is None:
            times = list_alarm_times(self.journal.db, limit=ALARMS_PER_HOUR)
            self.memory.alarms = AlarmWindow(times, suppressed_since=find_suppressed_since(self.journal.db))
        return self.memory.alarms

    def get_closings(self) -> HourWindow:
        """The closings of the last hour of requests that were never consented to here."""
        if self.memory.closings is None:
            most = self.limits.closings_per_hour
            times = list_unseen_closing_times(self.journal.db, since=self.now_s() - HOUR_S, limit=most)
            self.memory.closings = HourWindow(times, most=most)
        return self.memory.closings

    def get_document_set(self, tenant_id: TenantId) -> DocumentSet:
        """The tenant's current document set as it was verified and installed here.

        Raises:
            StrongroomError: ``TENANT_UNKNOWN``.
        """
        self._refresh()
        known = self.memory.document_sets.get(tenant_id)
        if known is None:
            data = find_document_set(self.journal.db, tenant=tenant_id)
            if data is None:
                raise StrongroomError(Code.TENANT_UNKNOWN, "No document set is installed here: run activate.")
            known = parse_document_set(decode(data, Signed).payload)
            self.memory.document_sets[tenant_id] = known
        return known

    def find_key(self, document_set: DocumentSet) -> StoredKey | None:
        """The tenant's key, if it was generated here."""
        self._refresh()
        tenant_id = TenantId(document_set.tenant)
        known = self.memory.keys.get(tenant_id)
        if known is None:
            key_id = default_key_id(environment=document_set.environment, tenant_id=tenant_id)
            known = find_key(self.journal.db, tenant=tenant_id, key_id=key_id)
            if known is not None:
                self.memory.keys[tenant_id] = known
        return known

    def list_pending_keys(self, document_set: DocumentSet) -> list[StoredKey]:
        """The tenant's shares of a later epoch that are not active yet."""
        tenant_id = TenantId(document_set.tenant)
        key_id = default_key_id(environment=document_set.environment, tenant_id=tenant_id)
        return list_pending_keys(self.journal.db, tenant=tenant_id, key_id=key_id)

    def get_key(self, document_set: DocumentSet) -> StoredKey:
        """The tenant's key.

        Raises:
            StrongroomError: ``KEY_UNKNOWN``.
        """
        key = self.find_key(document_set)
        if key is None:
            raise StrongroomError(Code.KEY_UNKNOWN, "This co-signer holds no share for the tenant.")
        return key

    def get_share(self, *, key: StoredKey, path: str) -> KeyShare:
        """Our share of the key at a path, from a small cache of opaque shares.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` if it is missing.
            ThresholdError: ``malformed`` if the blob does not open.
        """
        shares = self.memory.shares
        place = (key.blob_hash, path)
        share = shares.get(place)
        if share is None:
            share = self.get_root_share(key).derive(path=path)
            shares[place] = share
            while len(shares) > _SHARES_MAX:
                shares.popitem(last=False)
        shares.move_to_end(place)
        return share

    def get_secret(self, *, document_set: DocumentSet, peer: int) -> bytes:
        """The X25519 secret between us and a peer's static key."""
        public_key = document_set.get_cosigner(peer).encryption_key
        secret = self.memory.secrets.get(public_key)
        if secret is None:
            secret = shared_secret(private_key=self.encryption_key, public_key=public_key)
            self.memory.secrets[public_key] = secret
        return secret

    def sealing_data(self, *, tenant_id: str, key_id: str, epoch: int) -> bytes:
        """The associated data under which our share of a key is sealed."""
        return sealing_data(
            environment=self.environment, tenant=tenant_id, key_id=key_id, epoch=epoch, party=self.index
        )

    def get_root_share(self, key: StoredKey) -> KeyShare:
        """Our share of the root key; raises as ``get_share``."""
        place = (key.blob_hash, "m")
        share = self.memory.shares.get(place)
        if share is None:
            data = self.sealing_data(tenant_id=key.tenant, key_id=key.key_id, epoch=key.epoch)
            blob = get_share_blob(self.journal.db, key=key)
            share = self.backend.unseal(key=self.sealing_key, associated_data=data, blob=blob)
            self.memory.shares[place] = share
        self.memory.shares.move_to_end(place)
        return share

    def _refresh(self) -> None:
        changes = self.journal.changes()
        if changes != self.memory.seen_changes:
            self.memory.forget_documents()
            self.memory.seen_changes = changes


def public_key_of(key: StoredKey) -> PublicKey:
    """What the key record says of a key, from our own journal."""
    return PublicKey(key_id=key.key_id, public_key=key.public_key, chain_code=key.chain_code)
