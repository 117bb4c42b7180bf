"""What a work row of the manager carries: for which transaction, under which handoff, for whom."""

from strongroom.kernel.call_context import CallContext
from strongroom.kernel.documents.codec import Document
from strongroom.kernel.ids import Environment, TenantId


class Errand(Document, frozen=True):
    """``parents`` are the hashes (hex) of the handoffs under which the call is made; no ``user``, no context."""

    environment: Environment
    tenant: str
    parents: tuple[str, ...]
    user: str
    session: str

    @classmethod
    def of(
        cls, *, environment: Environment, tenant_id: str, parents: tuple[str, ...], context: CallContext | None
    ) -> "Errand":
        """The errand of a call that was received with this context."""
        return cls(
            environment=environment,
            tenant=tenant_id,
            parents=parents,
            user=context.user_id if context else "",
            session=context.session_id if context else "",
        )

    @property
    def context(self) -> CallContext | None:
        """For whom the next call is made."""
        if not self.user:
            return None
        return CallContext(
            tenant_id=TenantId(self.tenant),
            user_id=self.user,
            environment=self.environment,
            session_id=self.session,
        )


class Ended(Document, frozen=True):
    """What the policy engine is told of an end: under which errand, in which attempt, and why, for people."""

    errand: Errand
    attempt: int
    reason: str


class Closing(Document, frozen=True):
    """What the order to close a request carries: under which errand, and the name of the code that ends it."""

    errand: Errand
    cause: str
