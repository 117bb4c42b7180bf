"""The certificate store: who an API key is."""

from typing import final

from strongroom.custody.auth_engine import store
from strongroom.custody.auth_engine.domain import Certificate
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database


@final
class Certificates:
    """Live certificates, kept in memory once read.

    One that was revoked meanwhile by another process does no harm: the commit of every request checks it again.

    Args:
        database: the auth engine's own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Certificate] = {}

    async def look_up_certificate(self, api_user_id: str) -> Certificate:
        """Step 3 — the certificate of an API user.

        Raises:
            StrongroomError: ``API_USER_UNKNOWN``.
        """
        known = self._known.get(api_user_id)
        if known is None:
            known = await store.find_certificate(self._database, api_user_id=api_user_id)
            if known is None:
                raise StrongroomError(Code.API_USER_UNKNOWN)
            self._known[api_user_id] = known
        return known

    def forget(self) -> None:
        """Read everything anew: some certificate has changed."""
        self._known.clear()
