"""Every call of the hub to an enclave's message door."""

from typing import Final, final
from urllib.parse import urlsplit

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.http import HttpClient, HttpFailureError, Origin, TlsSource
from strongroom.runtime.pki import tls_host_name
from strongroom.travel_rule.messages import MESSAGE_BYTES_MAX, VaspRecord, member_service

_HEALTH_TIMEOUT_S: Final = 3.0
_HEADERS: Final = {"content-type": "application/octet-stream"}


@final
class Enclaves:
    """The members' enclaves: connections kept open to each, to the very key that its record lists.

    Args:
        tls: shows the hub's certificate.
        environment: whose certificates are believed.
        timeout_s: for the answer to a message.
    """

    def __init__(self, *, tls: TlsSource, environment: Environment, timeout_s: float) -> None:
        self._tls, self._environment, self._timeout_s = tls, environment, timeout_s
        self._clients: dict[str, tuple[int, HttpClient]] = {}

    async def carry(self, record: VaspRecord, message: bytes) -> bytes:
        """The enclave's answer to a message.

        Raises:
            StrongroomError: ``COUNTERPARTY_UNAVAILABLE``, ``COUNTERPARTY_REFUSED``.
        """
        client = await self._client(record)
        try:
            answer = await client.call(
                "POST", "/v1/messages", body=message, headers=_HEADERS, timeout_s=self._timeout_s
            )
        except HttpFailureError as failure:
            raise StrongroomError(
                Code.COUNTERPARTY_UNAVAILABLE, f"The enclave of VASP {record.vasp_id} does not answer: {failure}."
            ) from None
        if answer.status == 200:
            return answer.body
        is_down = answer.status >= 500 or answer.status == 429
        code = Code.COUNTERPARTY_UNAVAILABLE if is_down else Code.COUNTERPARTY_REFUSED
        raise StrongroomError(code, f"The enclave of VASP {record.vasp_id} answers {answer.status}.")

    async def is_up(self, record: VaspRecord) -> bool:
        """Whether the enclave answers as one that can work."""
        client = await self._client(record)
        try:
            answer = await client.call("GET", "/v1/health", timeout_s=_HEALTH_TIMEOUT_S)
        except HttpFailureError:
            return False
        return answer.status < 500

    async def close(self) -> None:
        """Close every connection."""
        for _, client in self._clients.values():
            await client.close()
        self._clients.clear()

    async def _client(self, record: VaspRecord) -> HttpClient:
        """One client for each member; another once its record is renewed."""
        serial, client = self._clients.get(record.vasp_id, (0, None))
        if client is not None and serial == record.serial:
            return client
        if client is not None:
            await client.close()
        parts = urlsplit(record.url)
        origin = Origin(
            host=parts.hostname or "",
            port=parts.port or 443,
            tls=self._tls,
            server_name=tls_host_name(self._environment, member_service(record.vasp_id)),
            key_hash=record.tls_key_hash,
        )
        made = HttpClient(origin, answer_bytes_max=MESSAGE_BYTES_MAX)
        self._clients[record.vasp_id] = (record.serial, made)
        return made
