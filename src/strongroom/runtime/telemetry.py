"""Logs: one JSON object a line, with who wrote it and under which attestor (trust.md 9), and without secrets."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from strongroom.kernel.ids import Environment
from strongroom.runtime.kms import Attestor

HIDDEN: Final = "[hidden]"
_SECRET_KEY: Final = re.compile(
    r"secret|token|pem|private|pass(?:w|phrase|code)|authorization|cookie|credential|seed|mnemonic|dsn",
    re.IGNORECASE,
)
_SECRET_TEXT: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"  # PEM
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a compact JWT or JWS
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",  # user and password in a URL
    re.DOTALL,
)


def configure_logging(
    *, service: str, environment: Environment, attestor: Attestor, level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Send everything this process logs, its libraries included, to ``stream`` (standard error) as JSON lines.

    Args:
        service: the process, such as ``platform`` or ``cosigner-1``; a service's own name replaces it during its calls.
    """
    out = stream or sys.stderr
    bound = {"service": service, "environment": environment.value, "attestor": attestor.kind}

    def identify(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**bound, **event}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        identify,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _adopt_libraries(shared, level, out)


def _adopt_libraries(shared: list[structlog.typing.Processor], level: str, out: TextIO) -> None:
    handler = logging.StreamHandler(out)
    renderers: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        redact,  # again: what a library formats into its message is only now text
        structlog.processors.JSONRenderer(),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=renderers))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)  # a line for every question to a node says nothing
    # at DEBUG gRPC logs a server that is being freed, and whoever keeps the record keeps a dead object
    logging.getLogger("grpc").setLevel(logging.INFO)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide the values of keys named like secrets, at any depth, and what looks like a secret in any text."""
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: object) -> object:
    if _SECRET_KEY.search(key):
        return HIDDEN
    if isinstance(value, str):
        return _SECRET_TEXT.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, object]", value).items()
        return {str(name): _redacted(str(name), inner) for name, inner in items}
    if isinstance(value, list | tuple):
        return [_redacted("", inner) for inner in cast("list[object]", value)]
    if isinstance(value, bytes | bytearray):
        return f"[{len(bytes(value))} bytes]"
    return value
