"""Which refusals are alarms: they go into the journal, the others leave no trace (trust.md 5)."""

from strongroom.kernel.errors import Code

PATIENCE = frozenset(
    {
        Code.NOT_NOW,
        Code.LIMIT_EXCEEDED,
        Code.SCREENING_UNAVAILABLE,
        Code.APPROVALS_MISSING,
        Code.REQUEST_EXPIRED,
        Code.TENANT_UNKNOWN,
        Code.KEY_UNKNOWN,
        Code.TOMBSTONED,
        Code.DIGEST_RELEASED,
        Code.COSIGNER_ABSENT,
        Code.COSIGNER_BANNED,
        Code.CEREMONY_FAILED,
        Code.STATE_DAMAGED,
        Code.INTERNAL,
    }
)
"""What passes by itself, or has an entry of its own; everything else says that somebody is wrong or lies."""


def is_alarm(code: Code) -> bool:
    """Whether a refusal with this reason is to be journalled."""
    return code not in PATIENCE
