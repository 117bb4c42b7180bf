"""Key generation on an owner-signed request: nonces, four rounds, and a test signature by all (trust.md 2).

Rounds: 0 nonces (public, signed); 1 to 4 key generation, the last of which compares the transcript; 5 to 7 the test
signature. It is made under the **root** key, over a digest that no chain signs (``threshold.activation``): the root is
what is sealed, every derived share follows from it, and no payment is ever made from the root's own address.

A request is used once. The last message can be lost, so that one co-signer has the key and another does not; then the
same request may be asked again. In round 0 each says which key it has from this request: if all have the same, each
gives its record again; if not, a new key replaces it, unless anything was ever consented to under the old one.
"""

from typing import Final, final

from strongroom.custody.cosigner.domain.ceremony import KEYGEN, QUORUM, Terms, session_id, sign_id
from strongroom.custody.cosigner.domain.entries import KeyGenerated
from strongroom.custody.cosigner.domain.orders import PeerMessage, StartKeyCeremony
from strongroom.custody.cosigner.domain.reports import Failed, KeyRecorded, Report
from strongroom.custody.cosigner.operations.context import EPOCH, Context
from strongroom.custody.cosigner.operations.exchange import Exchange, UnopenedError
from strongroom.custody.cosigner.operations.fail import record_failure
from strongroom.custody.cosigner.operations.peers_allowed import check_peers
from strongroom.custody.cosigner.store import StoredKey, find_key_by_request, has_consents_under
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, decode, encode
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.keys import KeyRecord, KeyRequest, verify_key_request
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.activation import activation_digest
from strongroom.threshold.backend import KeyShare, Session, ThresholdError

NONCE_BYTES: Final = 32
_KEYGEN_ROUNDS: Final = 4


class Hello(Document, frozen=True):
    """Round 0: a fresh nonce, what it is about, and the hash of the key held from this request (empty for none)."""

    nonce: bytes
    document_set_hash: bytes
    key_request_hash: bytes
    held: bytes


@final
class KeyCeremony:
    """Our part in one key generation: in memory only, single use, over at the first error."""

    def __init__(
        self,
        *,
        context: Context,
        document_set: DocumentSet,
        request: KeyRequest,
        request_hash: bytes,
        held: StoredKey | None,
        exchange: Exchange,
    ) -> None:
        self._context = context
        self._document_set = document_set
        self._request = request
        self._request_hash = request_hash
        self._held = held
        self._exchange = exchange
        self._nonces: dict[int, bytes] = {context.index: context.entropy.token(NONCE_BYTES)}
        self._keygen: Session[KeyShare] | None = None
        self._share: KeyShare | None = None
        self._test: Session[bytes] | None = None
        self._test_digest = b""
        self.over = False

    def begin(self) -> tuple[Report, ...]:
        """Round 0."""
        hello = Hello(
            nonce=self._nonces[self._context.index],
            document_set_hash=self._document_set.hash(),
            key_request_hash=self._request_hash,
            held=self._held.facts_hash if self._held else b"",
        ).encode()
        return self._exchange.send(0, dict.fromkeys(self._context.peers, hello))

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
        self._nonces |= {sender: hello.nonce for sender, hello in hellos.items()}
        if len(set(self._nonces.values())) != len(QUORUM):
            raise StrongroomError(Code.CEREMONY_FAILED, "Two co-signers sent the same nonce.")
        if self._held and all(hello.held == self._held.facts_hash for hello in hellos.values()):
            self.over = True
            return (KeyRecorded(ceremony_id=self._exchange.terms.ceremony_id, document=self._held.record),)
        self._check_replaceable()
        self._exchange.agree(self._nonces)
        self._keygen = self._context.backend.generate(
            threshold=self._request.threshold,
            parties=len(QUORUM),
            party=self._context.index,
            session_id=session_id(
                terms=self._exchange.terms,
                key_request_hash=self._request_hash,
                document_set_hash=self._document_set.hash(),
                nonces=self._nonces,
            ),
        )
        return self._exchange.send(1, _messages(self._keygen.step(None)))

    def _read_hello(self, sender: int, message: bytes) -> Hello:
        try:
            hello = decode(message, Hello)
        except StrongroomError:
            raise UnopenedError(sender) from None
        about = (hello.document_set_hash, hello.key_request_hash, len(hello.nonce))
        if about != (self._document_set.hash(), self._request_hash, NONCE_BYTES):
            raise StrongroomError(Code.NOT_NOW, f"Co-signer {sender} has another document set or key request.")
        return hello

    def _check_replaceable(self) -> None:
        if self._held is None:
            return
        tenant, key_id = self._document_set.tenant, self._request.key_id
        if has_consents_under(self._context.journal.db, tenant=tenant, key_id=key_id):
            raise StrongroomError(Code.KEY_EXISTS, "The key is in use, and a peer says that it does not have it.")

    def _begin_test(self, share: KeyShare) -> tuple[Report, ...]:
        terms = self._exchange.terms
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
            epoch=EPOCH,
            threshold=self._request.threshold,
            parties=self._request.parties,
            public_key=share.public_key,
            chain_code=share.chain_code,
            document_set_hash=self._document_set.hash(),
            key_request_hash=self._request_hash,
            transcript_hash=share.transcript_hash,
            cosigner=context.index,
        )
        data = context.sealing_data(tenant_id=tenant_id, key_id=record.key_id, epoch=EPOCH)
        document = context.sign(kind=Kind.KEY_RECORD, tenant_id=tenant_id, document=record)
        context.journal.append(
            KeyGenerated(
                tenant=tenant_id,
                key_id=record.key_id,
                epoch=EPOCH,
                request_nonce=self._request.nonce,
                request_hash=self._request_hash,
                ceremony_id=terms.ceremony_id,
                public_key=record.public_key,
                chain_code=record.chain_code,
                facts_hash=_facts_hash(record),
                blob=share.seal(key=context.sealing_key, associated_data=data),
                record=document,
                at=context.now_s(),
            )
        )
        context.memory.forget_documents()
        return KeyRecorded(ceremony_id=terms.ceremony_id, document=document)


def open_key_ceremony(*, context: Context, order: StartKeyCeremony) -> KeyCeremony:
    """Our part in generating the key that the owners asked for.

    Raises:
        StrongroomError: ``TENANT_UNKNOWN``, ``DOCUMENT_*``, ``LIVE_KEYS_REFUSED``, ``REQUEST_EXPIRED``, ``KEY_EXISTS``
            for a key from another request, ``COSIGNER_BANNED``, ``CEREMONY_FAILED``, ``REQUEST_INVALID``.
    """
    if len(order.ceremony_id) != NONCE_BYTES:
        raise StrongroomError(Code.REQUEST_INVALID, "A ceremony id is 32 bytes.")
    document_set = context.get_document_set(order.tenant_id)
    request = verify_key_request(data=order.key_request, document_set=document_set, now_s=context.now_s())
    request_hash = sha256(decode(order.key_request, Signed).payload)
    check_peers(context=context, document_set=document_set, key_id=request.key_id, epoch=EPOCH)
    held = context.find_key(document_set)
    used = find_key_by_request(context.journal.db, nonce=request.nonce)
    if (held is not None and held.request_hash != request_hash) or used not in (None, request_hash):
        raise StrongroomError(Code.KEY_EXISTS, "This co-signer has a key from another request.")
    terms = Terms(protocol=KEYGEN, ceremony_id=order.ceremony_id, key_id=request.key_id, epoch=EPOCH)
    return KeyCeremony(
        context=context,
        document_set=document_set,
        request=request,
        request_hash=request_hash,
        held=held,
        exchange=Exchange(context=context, document_set=document_set, terms=terms),
    )


def _facts_hash(record: KeyRecord) -> bytes:
    """What the three records have in common, 32 bytes."""
    return sha256(encode([getattr(record, name) for name in KeyRecord.__struct_fields__ if name != "cosigner"]))


def _messages(outcome: "dict[int, bytes] | KeyShare | bytes") -> dict[int, bytes]:
    if not isinstance(outcome, dict):
        raise StrongroomError(Code.INTERNAL, "A first step gives messages.")
    return outcome
