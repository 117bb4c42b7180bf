"""The call's context and what it acts for, as gRPC metadata (architecture.md 5)."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, TypeAlias
from uuid import UUID

from strongroom.kernel.call_context import CallContext
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId

Metadata: TypeAlias = tuple[tuple[str, str], ...]

_FIELD_BY_KEY: Final = {
    "x-tenant-id": "tenant_id",
    "x-user-id": "user_id",
    "x-environment": "environment",
    "x-session-id": "session_id",
    "x-customer-id": "customer_id",
    "x-idempotency-key": "idempotency_key",
}
_REQUIRED: Final = ("x-tenant-id", "x-user-id", "x-environment", "x-session-id")
_TRANSACTION: Final = "x-acting-transaction"
_PARENT: Final = "x-acting-parent"


def acting(
    *, transaction_id: UUID | None = None, parents: tuple[str, ...] = (), context: CallContext | None = None
) -> Metadata:
    """What a call acts for; pass it as ``metadata=`` to a stub's method.

    Args:
        transaction_id: the transaction that the call carries; the callee then records the handoff.
        parents: hashes (hex) of the handoffs under which the caller acts, such as ``current_call().handoff.hash``.
        context: for whom; None for a service's own work.
    """
    acts: list[tuple[str, str]] = [(_PARENT, parent) for parent in parents]
    if transaction_id is not None:
        acts.append((_TRANSACTION, str(transaction_id)))
    return (*acts, *context_metadata(context))


def split_acting(metadata: Iterable[tuple[str, str | bytes]]) -> tuple[UUID | None, tuple[str, ...], Metadata]:
    """What ``acting`` was given, as transaction, parents and context metadata; any other key is a ``ValueError``."""
    transaction_id: UUID | None = None
    parents: list[str] = []
    rest: list[tuple[str, str]] = []
    for key, value in metadata:
        text = value if isinstance(value, str) else value.decode()
        if key == _TRANSACTION:
            transaction_id = UUID(text)
        elif key == _PARENT:
            parents.append(text)
        elif key in _FIELD_BY_KEY:
            rest.append((key, text))
        else:
            raise ValueError(f"unexpected metadata {key}")
    return transaction_id, tuple(parents), tuple(rest)


def context_metadata(context: CallContext | None) -> Metadata:
    """The context's fields as metadata, in a fixed order; ``REQUEST_INVALID`` for text that metadata cannot carry."""
    if context is None:
        return ()
    fields = tuple((key, getattr(context, field)) for key, field in _FIELD_BY_KEY.items())
    present = tuple((key, str(value)) for key, value in fields if value is not None)
    if not all(value and value.isascii() and value.isprintable() and value == value.strip() for _, value in present):
        raise StrongroomError(Code.REQUEST_INVALID, "the call's context holds text that metadata cannot carry")
    return present


def read_context(metadata: Iterable[tuple[str, str | bytes]]) -> Metadata:
    """The context keys of received metadata, in their fixed order; ``REQUEST_INVALID`` for a key given twice."""
    found = [(key, value) for key, value in metadata if key in _FIELD_BY_KEY and isinstance(value, str)]
    given = dict(found)
    if len(given) != len(found):
        raise StrongroomError(Code.REQUEST_INVALID, "a context key is given twice")
    return tuple((key, given[key]) for key in _FIELD_BY_KEY if key in given)


def parse_context(metadata: Metadata, environment: Environment) -> CallContext | None:
    """The context in ``read_context``'s answer, None without one.

    Raises:
        StrongroomError: ``REQUEST_INVALID`` when it is incomplete or of another environment.
    """
    given = dict(metadata)
    if not given:
        return None
    if not all(given.get(key) for key in _REQUIRED) or given["x-environment"] != environment:
        raise StrongroomError(Code.REQUEST_INVALID, "the call's context is incomplete or of another environment")
    return CallContext(
        tenant_id=TenantId(given["x-tenant-id"]),
        user_id=given["x-user-id"],
        environment=environment,
        session_id=given["x-session-id"],
        customer_id=given.get("x-customer-id"),
        idempotency_key=given.get("x-idempotency-key"),
    )


def context_hash(metadata: Metadata) -> str:
    """SHA-256 (hex) over the context as it travels, which the handoff signs; empty text without a context."""
    if not metadata:
        return ""
    return sha256("\n".join(f"{key}:{value}" for key, value in metadata).encode()).hexdigest()
