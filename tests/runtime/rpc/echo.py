"""A service to call: what its handler does is named by the request. Written as generated stubs are."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import grpc
import structlog
from google.protobuf.wrappers_pb2 import StringValue
from grpc import aio

from strongroom.interfaces.balances.v1.balances_pb2 import CheckBalanceRequest
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock, SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.host import Host
from strongroom.runtime.host_local import LocalPlatform
from strongroom.runtime.host_wire import WireProcess
from strongroom.runtime.kms import MemoryKms, SoftwareAttestor
from strongroom.runtime.pki import Authority, new_root
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.call import current_call
from strongroom.runtime.service import Service

Process: TypeAlias = LocalPlatform | WireProcess
SERVICE = "strongroom.echo.v1.Echo"
ACCESS = Access.parse(
    """
    [rpc."echo.v1.Echo/Say"]
    callers = ["gateway", "echo"]
    [rpc."echo.v1.Echo/Pay"]
    callers = ["gateway"]
    transaction = true
    [rpc."echo.v1.Echo/Many"]
    callers = ["gateway"]
    [rpc."echo.v1.Echo/Link"]
    callers = ["cosigner-1"]
    """
)


class EchoStub:
    """As generated, by hand."""

    def __init__(self, channel: aio.Channel) -> None:
        coders: Mapping[str, Any] = {
            "request_serializer": StringValue.SerializeToString,
            "response_deserializer": StringValue.FromString,
        }
        self.Say: aio.UnaryUnaryMultiCallable[StringValue, StringValue] = channel.unary_unary(
            f"/{SERVICE}/Say", **coders
        )
        self.Pay: aio.UnaryUnaryMultiCallable[CheckBalanceRequest, StringValue] = channel.unary_unary(
            f"/{SERVICE}/Pay",
            request_serializer=CheckBalanceRequest.SerializeToString,
            response_deserializer=StringValue.FromString,
        )
        self.Nobody: aio.UnaryUnaryMultiCallable[StringValue, StringValue] = channel.unary_unary(
            f"/{SERVICE}/Nobody", **coders
        )
        self.Missing: aio.UnaryUnaryMultiCallable[StringValue, StringValue] = channel.unary_unary(
            f"/{SERVICE}/Missing", **coders
        )
        self.Many: aio.UnaryStreamMultiCallable[StringValue, StringValue] = channel.unary_stream(
            f"/{SERVICE}/Many", **coders
        )


@dataclass
class Echo:
    """The servicer, and what it saw."""

    host: Host | None = None
    ended: list[str] = field(default_factory=list[str])

    async def say(self, request: StringValue, _context: object) -> StringValue:
        word, _, rest = request.value.partition(":")
        match word:
            case "refuse":
                raise StrongroomError(Code[rest], f"because of {rest}")
            case "bug":
                raise ValueError("the vault's combination is 1234")
            case "slow":
                await self._linger(word)
            case "who":
                call = current_call()
                return StringValue(value=f"{call.caller} {call.context.tenant_id} {call.transaction_id} {call.method}")
            case "receipt":
                assert self.host is not None
                return StringValue(value=base64.b64encode(self.host.write_receipt()).decode())
            case "bound":
                return StringValue(value=" ".join(sorted(structlog.contextvars.get_contextvars())))
            case "relay":
                assert self.host is not None
                inner = await self.host.peer(EchoStub, "echo").Say(StringValue(value=rest))
                return StringValue(value=f"{inner.value} then {current_call().caller}")
            case _:
                pass
        return StringValue(value=f"echo {request.value}")

    async def pay(self, request: CheckBalanceRequest, _context: object) -> StringValue:
        return StringValue(value=f"paid {request.transaction_id}")

    async def many(self, request: StringValue, _context: object) -> AsyncIterator[StringValue]:
        for count in range(3):
            yield StringValue(value=f"{request.value} {count}")
            if request.value == "refuse":
                raise StrongroomError(Code.NODE_REFUSED, "after the first")
            if request.value == "bug":
                raise ValueError("the vault's combination is 1234")
            if request.value == "slow":
                await self._linger("slow stream")

    async def link(self, requests: AsyncIterator[StringValue], _context: object) -> AsyncIterator[StringValue]:
        async for request in requests:
            if request.value == "refuse":
                raise StrongroomError(Code.COSIGNER_BANNED, "enough")
            yield StringValue(value=f"{current_call().caller} {request.value}")

    async def _linger(self, what: str) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            self.ended.append(what)

    def register(self, server: aio.Server) -> None:
        coders: Any = (StringValue.FromString, StringValue.SerializeToString)
        unary: Any = grpc.unary_unary_rpc_method_handler
        handlers: dict[str, Any] = {
            "Say": unary(self.say, *coders),
            "Pay": unary(self.pay, CheckBalanceRequest.FromString, StringValue.SerializeToString),
            "Nobody": unary(self.say, *coders),
            "Many": grpc.unary_stream_rpc_method_handler(self.many, *coders),  # pyright: ignore[reportArgumentType]
            "Link": grpc.stream_stream_rpc_method_handler(self.link, *coders),  # pyright: ignore[reportArgumentType]
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        cast("Any", server).add_registered_method_handlers(SERVICE, handlers)


def new_authority(clock: Clock | None = None, environment: Environment = Environment.SANDBOX) -> Authority:
    """An authority of its own root."""
    clock = clock or SystemClock()
    return Authority.under(new_root(clock), environment=environment, clock=clock)


def build(kind: str, authority: Authority, clock: Clock) -> tuple[Process, Echo, Host]:
    """An echo service and the gateway's host in one process; not yet started."""
    ports: dict[str, Any] = {
        "issuer": authority,
        "trust_root": authority.trust_root(),
        "access": ACCESS,
        "clock": clock,
        "entropy": SystemEntropy(),
        "attestor": SoftwareAttestor(),
    }
    wire = kind == "wire"
    process: Process = WireProcess(**ports, addresses={"echo": "127.0.0.1:0"}) if wire else LocalPlatform(**ports)
    echo = Echo(process.host("echo", kms=MemoryKms()))
    process.add(Service(name="echo", grpc=(echo.register,)))
    return process, echo, process.host("gateway", kms=MemoryKms())
