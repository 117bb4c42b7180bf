"""What ``app.build(host, config)`` returns: one service, ready to be started by whoever hosts it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from grpc import aio

Registration: TypeAlias = Callable[[aio.Server], None]
"""Adds one servicer: ``lambda server: add_PolicyEngineServicer_to_server(servicer, server)``."""
HttpApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application."""


async def _nothing() -> None:
    return None


async def _healthy() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of the platform.

    Args:
        name: as in ``interfaces/access.toml`` and in its certificate, such as ``policy_engine``.
        grpc: its gRPC doors.
        start: called once, before the first call arrives; raises when the service cannot work.
        stop: called once, after the last call; ends the service's own tasks.
        http: its REST door, where it has one.
        health: whether it can do its work now.
    """

    name: str
    grpc: tuple[Registration, ...] = ()
    start: Callable[[], Awaitable[None]] = _nothing
    stop: Callable[[], Awaitable[None]] = _nothing
    http: HttpApp | None = None
    health: Callable[[], Awaitable[bool]] = _healthy
