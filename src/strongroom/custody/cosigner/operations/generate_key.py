"""Key generation on an owner-signed request: nonces, four rounds, and a test signature by all (trust.md 2).

Rounds: 0 nonces (public, signed); 1 to 4 key generation, the last of which compares the transcript; 5 to 7 the test
signature. It is made under the **root** key, over a digest that no chain signs (``threshold.activation``): the root is
what is sealed, every derived share follows from it, and no payment is ever made from the root's own address.

A request is used once. The last message can be lost, so that one co-signer has the key and another does not; then the
same request may be asked again. In round 0 each says which key it has from this request: if all have the same, each
gives its record again; if not, a new key replaces it, unless anything was ever consented to under the old one.

A refresh (``refresh_key``) is the same ceremony over another protocol.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from strongroom.custody.cosigner.domain.ceremony import KEYGEN, QUORUM, session_id, sign_id
from strongroom.custody.cosigner.domain.key_entries import KeyGenerated, KeyRefreshed
from strongroom.custody.cosigner.domain.orders import PeerMessage
from strongroom.custody.cosigner.domain.reports import Failed, KeyRecorded, Report
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.operations.exchange import Exchange, UnopenedError
from strongroom.custody.cosigner.operations.fail import record_failure
from strongroom.custody.cosigner.operations.heads import held_heads, notice_own_head
from strongroom.custody.cosigner.operations.peers_allowed import check_peers
from strongroom.custody.cosigner.store import StoredKey, find_key_by_request, has_consents_under
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.keys import KeyRecord, KeyRequest, facts_hash
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.activation import activation_digest
from strongroom.threshold.backend import KeyShare, Session, ThresholdError

NONCE_BYTES: Final = 32
_KEYGEN_ROUNDS: Final = 4


class Hello(Document, frozen=True):
    """Round 0: a fresh nonce, what it is about, and the hashes of the facts of what is held already, sorted.

    ``head``: the last journal head of the receiver that the sender holds, an encoded ``Signed``; empty for none.
    """

    nonce: bytes
    document_set_hash: bytes
    key_request_hash: bytes
    held: tuple[bytes, ...]
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a ceremony makes: a key, or shares of its next epoch.

    ``held``: what an earlier ceremony for the same epoch left here. ``check_startable`` raises what stands against a
    new one, ``begin`` starts it under its id, ``check_share`` raises what is wrong with the outcome, ``entry`` records
    it.
    """

    protocol: str
    held: tuple[StoredKey, ...]
    check_startable: Callable[[], None]
    begin: Callable[[bytes], Session[KeyShare]]
    check_share: Callable[[KeyShare], None]
    entry: type[KeyGenerated | KeyRefreshed]


@final
class KeyCeremony:
    """Our part in one key generation or refresh: in memory only, single use, over at the first error."""

    def __init__(
        self,
        *,
        context: Context,
        document_set: DocumentSet,
        request: KeyRequest,
        request_hash: bytes,
        verify_request: Callable[[], None],
        making: Making,
        exchange: Exchange,
    ) -> None:
        self._context = context
        self._document_set = document_set
        self._request = request
        self._request_hash = request_hash
        self._verify_request = verify_request
        self._making = making
        self._exchange = exchange
        self._nonces: dict[int, bytes] = {context.index: context.entropy.token(NONCE_BYTES)}
        self._keygen: Session[KeyShare] | None = None
        self._share: KeyShare | None = None
        self._test: Session[bytes] | None = None
        self._test_digest = b""
        self.tenant = document_set.tenant
        self.over = False

    def begin(self) -> tuple[Report, ...]:
        """Round 0."""
        heads = held_heads(context=self._context, tenant_id=tenant_of(self._document_set))
        return self._exchange.send(
            0, {peer: self._hello(heads[peer].document if peer in heads else b"") for peer in self._context.peers}
        )

    def _hello(self, head: bytes) -> bytes:
        return Hello(
            nonce=self._nonces[self._context.index],
            document_set_hash=self._document_set.hash(),
            key_request_hash=self._request_hash,
            held=tuple(sorted(held.facts_hash for held in self._making.held)),
            head=head,
        ).encode()

    def receive(self, message: PeerMessage) -> tuple[Report, ...]:
        """A peer's message, and whatever it completes."""
        round_number = self._exchange.awaited
        try:
            return self._receive(message)
        except (ThresholdError, UnopenedError) as error:
            self.over = True
            return (self._fail(error, round_number),)
        except StrongroomError as error:
            self.over = self.over or error.code is not Code.MESSAGE_INVALID
            return (self._fail(error, round_number),)

    def _receive(self, message: PeerMessage) -> tuple[Report, ...]:
        reports: tuple[Report, ...] = ()
        if self._exchange.accept(message):
            while not self.over and (inbox := self._exchange.take()) is not None:
                reports += self._step(inbox)
        return reports

    def _fail(self, error: ThresholdError | UnopenedError | StrongroomError, round_number: int) -> Failed:
        return record_failure(
            context=self._context,
            document_set=self._document_set,
            terms=self._exchange.terms,
            round_number=round_number,
            error=error,
        )

    def _step(self, inbox: dict[int, bytes]) -> tuple[Report, ...]:
        if self._keygen is None:
            return self._greeted(inbox)
        if self._test is not None:
            return self._tested(self._test, inbox)
        outcome = self._keygen.step(inbox)
        if isinstance(outcome, dict):
            return self._exchange.send(self._keygen.round, outcome)
        return self._begin_test(outcome)

    def _greeted(self, inbox: dict[int, bytes]) -> tuple[Report, ...]:
        hellos = {sender: self._read_hello(sender, message) for sender, message in inbox.items()}
        self._notice_heads(hellos)
        self._nonces |= {sender: hello.nonce for sender, hello in hellos.items()}
        if len(set(self._nonces.values())) != len(QUORUM):
            raise StrongroomError(Code.CEREMONY_FAILED, "Two co-signers sent the same nonce.")
        for held in self._making.held:
            if all(held.facts_hash in hello.held for hello in hellos.values()):
                return (self._repeat(held),)
        self._verify_request()
        self._making.check_startable()
        self._exchange.agree(self._nonces)
        self._keygen = self._making.begin(
            session_id(
                terms=self._exchange.terms,
                key_request_hash=self._request_hash,
                document_set_hash=self._document_set.hash(),
                nonces=self._nonces,
            )
        )
        return self._exchange.send(1, _messages(self._keygen.step(None)))

    def _notice_heads(self, hellos: dict[int, Hello]) -> None:
        """Whether our journal was rolled back: the last moment to find out, for the epoch's heads end with it."""
        key = self._context.find_key(self._document_set)
        if key is None:
            return
        for sender, hello in hellos.items():
            notice_own_head(
                context=self._context,
                document_set=self._document_set,
                epoch=key.epoch,
                peer=sender,
                shown=hello.head,
            )

    def _repeat(self, held: StoredKey) -> KeyRecorded:
        """All three have it already: never two that could be complete."""
        if held.request_hash != self._request_hash:
            raise StrongroomError(Code.KEY_EXISTS, "All three hold this epoch from another request: repeat that one.")
        self.over = True
        return KeyRecorded(ceremony_id=self._exchange.terms.ceremony_id, document=held.record)

    def _read_hello(self, sender: int, message: bytes) -> Hello:
        try:
            hello = decode(message, Hello)
        except StrongroomError:
            raise UnopenedError(sender) from None
        about = (hello.document_set_hash, hello.key_request_hash, len(hello.nonce))
        if about != (self._document_set.hash(), self._request_hash, NONCE_BYTES):
            raise StrongroomError(Code.NOT_NOW, f"Co-signer {sender} has another document set or key request.")
        return hello

    def _begin_test(self, share: KeyShare) -> tuple[Report, ...]:
        terms = self._exchange.terms
        self._making.check_share(share)
        self._share = share
        self._test_digest = activation_digest(
            environment=self._context.environment,
            tenant_id=self._document_set.tenant,
            key_id=self._request.key_id,
            public_key=share.public_key,
            chain_code=share.chain_code,
            transcript_hash=share.transcript_hash,
        )
        identity = sign_id(terms=terms, path="m", digest=self._test_digest, nonces=self._nonces)
        self._test = share.sign(signers=QUORUM, digest=self._test_digest, sign_id=identity)
        return self._exchange.send(_KEYGEN_ROUNDS + 1, _messages(self._test.step(None)))

    def _tested(self, test: Session[bytes], inbox: dict[int, bytes]) -> tuple[Report, ...]:
        outcome = test.step(inbox)
        if isinstance(outcome, dict):
            return self._exchange.send(_KEYGEN_ROUNDS + test.round, outcome)
        share = self._share
        if share is None or not self._context.backend.verify(
            public_key=share.public_key, digest=self._test_digest, signature=outcome
        ):
            raise StrongroomError(Code.SIGNATURE_INVALID, "The test signature of the new key does not verify.")
        self.over = True
        return (self._record(share),)

    def _record(self, share: KeyShare) -> KeyRecorded:
        """Seal, sign, persist; only then report."""
        context, terms, tenant_id = self._context, self._exchange.terms, tenant_of(self._document_set)
        record = KeyRecord(
            key_id=self._request.key_id,
            epoch=terms.epoch,
            threshold=self._request.threshold,
            parties=self._request.parties,
            public_key=share.public_key,
            chain_code=share.chain_code,
            document_set_hash=self._document_set.hash(),
            key_request_hash=self._request_hash,
            transcript_hash=share.transcript_hash,
            cosigner=context.index,
        )
        data = context.sealing_data(tenant_id=tenant_id, key_id=record.key_id, epoch=record.epoch)
        document = context.sign(kind=Kind.KEY_RECORD, tenant_id=tenant_id, document=record)
        blob = share.seal(key=context.sealing_key, associated_data=data)
        entry = self._making.entry(
            tenant=tenant_id,
            key_id=record.key_id,
            epoch=record.epoch,
            request_nonce=self._request.nonce,
            request_hash=self._request_hash,
            ceremony_id=terms.ceremony_id,
            public_key=record.public_key,
            chain_code=record.chain_code,
            facts_hash=facts_hash(record),
            blob_hash=sha256(blob),
            record=document,
            at=context.now_s(),
        )
        context.journal.append(entry, share=blob)
        context.memory.forget_documents()
        return KeyRecorded(ceremony_id=terms.ceremony_id, document=document)


def making_key(*, context: Context, document_set: DocumentSet, request: KeyRequest, request_hash: bytes) -> Making:
    """A new key.

    Raises:
        StrongroomError: ``KEY_EXISTS`` for a key from another request, ``COSIGNER_BANNED``, ``CEREMONY_FAILED``.
    """
    check_peers(context=context, document_set=document_set, key_id=request.key_id, epoch=request.epoch)
    held = context.find_key(document_set)
    used = find_key_by_request(context.journal.db, nonce=request.nonce)
    if (held is not None and held.request_hash != request_hash) or used not in {None, request_hash}:
        raise StrongroomError(Code.KEY_EXISTS, "This co-signer has a key from another request.")

    def check_startable() -> None:
        if held and has_consents_under(context.journal.db, tenant=document_set.tenant, key_id=request.key_id):
            raise StrongroomError(Code.KEY_EXISTS, "The key is in use, and a peer says that it does not have it.")

    def begin(identity: bytes) -> Session[KeyShare]:
        return context.backend.generate(
            threshold=request.threshold, parties=len(QUORUM), party=context.index, session_id=identity
        )

    return Making(
        protocol=KEYGEN,
        held=(held,) if held else (),
        check_startable=check_startable,
        begin=begin,
        check_share=lambda _: None,
        entry=KeyGenerated,
    )


def _messages(outcome: "dict[int, bytes] | KeyShare | bytes") -> dict[int, bytes]:
    if not isinstance(outcome, dict):
        raise StrongroomError(Code.INTERNAL, "A first step gives messages.")
    return outcome
