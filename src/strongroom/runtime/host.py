"""What a service is given to run: everything it uses comes from its ``Host`` (architecture.md 6)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, final
from uuid import UUID

from grpc import aio

from strongroom.kernel.documents.signing import MAY_SIGN, Kind, Role, Signature, Signed, signing_bytes
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.kms import Kms
from strongroom.runtime.pki import Identity, TrustRoot
from strongroom.runtime.rpc.call import current_call
from strongroom.runtime.rpc.caller import CallerChannel
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.rpc.handoff import HandoffSigner
from strongroom.runtime.rpc.receipt import Expected, verify_receipt, write_receipt
from strongroom.runtime.work import Work

Stub = TypeVar("Stub")

SIGNING_KEY: Final = "documents"
"""The name, in a service's own KMS, of the key that signs its documents; the document set lists the public key."""
_ROLE_BY_SERVICE: Final = {"policy_engine": Role.POLICY_ENGINE, "screening": Role.SCREENING}


class Host(Protocol):
    """Everything that one service uses of the process it runs in."""

    @property
    def service(self) -> str:
        """Whose host this is."""
        ...

    @property
    def environment(self) -> Environment:
        """The environment that the process serves."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def entropy(self) -> Entropy:
        """Randomness for identifiers and nonces."""
        ...

    @property
    def kms(self) -> Kms:
        """The service's own keys, nobody else's."""
        ...

    @property
    def identity(self) -> Identity:
        """The key and certificates of its handoffs."""
        ...

    @property
    def trust_root(self) -> TrustRoot:
        """Whose certificates it believes."""
        ...

    def database(self) -> Database:
        """The service's own database; ``CONFIG_INVALID`` for a service without one."""
        ...

    def work(self) -> Work:
        """Its durable calls; started after every service's ``start``, stopped before any ``stop``."""
        ...

    def peer(self, stub: Callable[[aio.Channel], Stub], service: str) -> Stub:
        """The generated stub of another service.

        A call takes ``metadata=acting(...)`` and ``timeout=`` (seconds, 10 without); it raises ``StrongroomError`` with
        the callee's code, or ``UNAVAILABLE``, ``DEADLINE_EXCEEDED``.
        """
        ...

    def sign(self, *, kind: Kind, tenant_id: TenantId, payload: bytes) -> Signed:
        """A document signed with the service's key; ``FORBIDDEN`` for a kind that its key role may not sign."""
        ...

    def write_receipt(self) -> bytes:
        """The signed receipt for the call being answered, for a service without a database (trust.md 8)."""
        ...

    def verify_receipt(self, receipt: bytes, *, service: str, method: str, transaction_id: UUID | None) -> HandoffEvent:
        """The row to record for a call just made to ``service``; ``HANDOFF_INVALID`` for a receipt of anything else."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a host hands out."""

    service: str
    environment: Environment
    clock: Clock
    entropy: Entropy
    kms: Kms
    identity: Identity
    trust_root: TrustRoot
    database: Database | None = None
    work: Work | None = None


@final
class ServiceHost:
    """The ``Host`` of one service, over any transport.

    Args:
        parts: what it hands out.
        channel_to: the transport's channel to a service; asked once for every ``peer``.
    """

    def __init__(self, parts: Parts, channel_to: Callable[[str], aio.Channel]) -> None:
        self._parts = parts
        self._channel_to = channel_to
        self._signer = HandoffSigner(
            identity=parts.identity, environment=parts.environment, clock=parts.clock, entropy=parts.entropy
        )
        self.service = parts.service
        self.environment = parts.environment
        self.clock = parts.clock
        self.entropy = parts.entropy
        self.kms = parts.kms
        self.identity = parts.identity
        self.trust_root = parts.trust_root

    def database(self) -> Database:
        """The service's own database; ``CONFIG_INVALID`` for a service without one."""
        if self._parts.database is None:
            raise StrongroomError(Code.CONFIG_INVALID, f"{self.service} has no database")
        return self._parts.database

    def work(self) -> Work:
        """Its durable calls; ``CONFIG_INVALID`` for a service without any."""
        if self._parts.work is None:
            raise StrongroomError(Code.CONFIG_INVALID, f"{self.service} has no durable calls")
        return self._parts.work

    def peer(self, stub: Callable[[aio.Channel], Stub], service: str) -> Stub:
        """The generated stub of another service, signing every call."""
        return stub(CallerChannel(self._channel_to(service), to=service, signer=self._signer).as_channel())

    def sign(self, *, kind: Kind, tenant_id: TenantId, payload: bytes) -> Signed:
        """A document signed with the service's key; ``FORBIDDEN`` for a kind that its key role may not sign."""
        role = _ROLE_BY_SERVICE.get(self.service)
        if role is None or kind not in MAY_SIGN[role]:
            raise StrongroomError(Code.FORBIDDEN, f"{self.service} does not sign a {kind}")
        message = signing_bytes(kind=kind, environment=self.environment, tenant_id=tenant_id, payload=payload)
        signature = Signature(signer=self.service, signature=self.kms.signer(SIGNING_KEY).sign(message))
        return Signed(
            kind=kind, environment=self.environment, tenant=tenant_id, payload=payload, signatures=(signature,)
        )

    def write_receipt(self) -> bytes:
        """The signed receipt for the call being answered."""
        handoff = current_call().handoff
        if handoff is None:
            raise StrongroomError(Code.INTERNAL, "a stream has no receipt")
        return write_receipt(handoff=handoff, identity=self.identity, clock=self.clock)

    def verify_receipt(self, receipt: bytes, *, service: str, method: str, transaction_id: UUID | None) -> HandoffEvent:
        """The row to record for a call just made to ``service``."""
        expected = Expected(from_service=self.service, to_service=service, method=method, transaction_id=transaction_id)
        return verify_receipt(receipt, expected=expected, trust_root=self.trust_root, now=self.clock.now())
