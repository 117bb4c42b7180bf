"""The customer's callback handler over HTTP; whatever goes wrong with it is no answer."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import final

import structlog

from strongroom.custody.cosigner.config import CallbackConfig
from strongroom.custody.cosigner.domain.callback import Answer, Question
from strongroom.kernel.documents.consent import CallbackAnswer
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.http import Origin
from strongroom.vendors.callback_handler.client import CallbackClient
from strongroom.vendors.callback_handler.tokens import parse_private_key, parse_public_key
from strongroom.vendors.faults import VendorError

_log = structlog.stdlib.get_logger(__name__)


@final
class RemoteHandler:
    """Asks the handler of ``callback.toml``, each question in a task of its own. For one event loop.

    Args:
        config: where it is, and how long it may take.
        private_key_pem: our key for callbacks.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for a key or a root certificate that is none.
    """

    def __init__(self, *, config: CallbackConfig, private_key_pem: bytes, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = CallbackClient(
            Origin(host=config.host, port=config.port, tls=_tls(config)),
            path=config.path,
            key=parse_private_key(private_key_pem),
            handler_key=parse_public_key(config.handler_key.encode()),
            timeout_s=config.timeout_s,
        )

    @property
    def retry_s(self) -> float:
        """How long to wait after no answer before the same question is asked again."""
        return self._config.retry_s

    def ask(self, question: Question, *, answered: Callable[[Answer], None]) -> None:
        """Ask without waiting; ``answered`` is called once, later, in the event loop."""
        task = asyncio.get_running_loop().create_task(self._ask(question, answered))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, question: Question, answered: Callable[[Answer], None]) -> None:
        asked_at_us, started_s = int(self._clock.now().timestamp() * 1_000_000), self._clock.monotonic_s()
        answer, token, detail = CallbackAnswer.NONE, b"", ""
        try:
            said = await self._client.ask(question.claims, request_id=question.request_id)
            answer, token = CallbackAnswer(said.action.value), said.token
        except VendorError as error:
            detail = str(error)
        except Exception:  # noqa: BLE001 -- a question that is never settled would never be asked again
            _log.exception("unexpected_exception", request_id=question.request_id)
        heard = Answer(
            answer=answer,
            token=token,
            detail=detail,
            asked_at_us=asked_at_us,
            duration_us=int((self._clock.monotonic_s() - started_s) * 1_000_000),
        )
        try:
            answered(heard)
        except Exception:  # noqa: BLE001 -- the edge of the process, as for an order: logged, never sent
            _log.exception("unexpected_exception", request_id=question.request_id)


def _tls(config: CallbackConfig) -> ssl.SSLContext | None:
    if not config.is_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=str(Path(config.ca_file)) if config.ca_file else None)
    except (OSError, ssl.SSLError):
        raise StrongroomError(Code.CONFIG_INVALID, f"{config.ca_file} holds no root certificate.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
