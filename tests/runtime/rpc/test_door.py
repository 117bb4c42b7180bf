"""What the door refuses when the caller's side does not play along: calls made with bare channels."""

from collections.abc import Callable
from typing import Any, cast

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc import aio

from strongroom.kernel.errors import Code
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.host_local import LocalPlatform
from strongroom.runtime.pki import Identity, TlsIdentity
from strongroom.runtime.rpc.chains import CHAIN_KEY, HANDOFF_KEY, encode_chain
from strongroom.runtime.rpc.context import context_hash
from strongroom.runtime.rpc.errors import CODE_KEY
from strongroom.runtime.rpc.handoff import HandoffSigner
from strongroom.runtime.rpc.wire import wire_channel
from tests.runtime.rpc.conftest import World

PATH = "/strongroom.echo.v1.Echo/Say"
HELLO = StringValue(value="hello").SerializeToString()
Metadata = tuple[tuple[str, str], ...]


def bare(world: World, service: str = "gateway") -> aio.Channel:
    """A channel without the caller's side, with the TLS certificate of ``service`` where there is TLS."""
    if isinstance(world.process, LocalPlatform):
        return world.process.channel_to("echo")
    tls = TlsIdentity.from_issuer(world.authority, service=service, clock=SystemClock())
    address = world.process.addresses()["echo"]
    return wire_channel(tls, address=address, service="echo", environment=Environment.SANDBOX)


def signed(world: World, service: str = "gateway", context: Metadata = (), request: bytes = HELLO) -> Metadata:
    signer = HandoffSigner(
        identity=Identity.from_issuer(world.authority, service=service, clock=world.clock),
        environment=Environment.SANDBOX,
        clock=world.clock,
        entropy=SystemEntropy(),
    )
    handoff = signer.sign(to="echo", method="echo.v1.Echo/Say", request=request, context_hash=context_hash(context))
    return ((HANDOFF_KEY, handoff.token), (CHAIN_KEY, encode_chain(handoff.chain)), *context)


async def code_of(channel: aio.Channel, metadata: Metadata, request: bytes = HELLO) -> str:
    with pytest.raises(aio.AioRpcError) as caught:
        await channel.unary_unary(PATH)(request, metadata=metadata, timeout=5)
    await channel.close(None)
    return str(dict(caught.value.trailing_metadata() or ()).get(CODE_KEY))


async def test_a_well_formed_bare_call_is_admitted(world: World) -> None:
    channel = bare(world)
    say = cast("Any", channel).unary_unary(PATH, response_deserializer=StringValue.FromString)
    assert (await say(HELLO, metadata=signed(world), timeout=5)).value == "echo hello"
    await channel.close(None)


DAMAGE: list[Callable[[Metadata], Metadata]] = [
    lambda _m: (),
    lambda m: m[:1],
    lambda m: m[1:],
    lambda m: (*m, m[0]),
    lambda m: (m[0], (CHAIN_KEY, "not a chain")),
    lambda m: (m[0], (CHAIN_KEY, m[1][1] + "=")),
    lambda m: (m[0], (CHAIN_KEY, m[1][1] + ".AAAA")),
    lambda m: ((HANDOFF_KEY, "a.b.c"), m[1]),
]


@pytest.mark.parametrize("change", DAMAGE)
async def test_a_call_without_exactly_one_handoff_is_refused(
    world: World, change: Callable[[Metadata], Metadata]
) -> None:
    assert await code_of(bare(world), change(signed(world))) == Code.HANDOFF_INVALID.name


CONTEXT = (("x-tenant-id", "acme"), ("x-user-id", "ada"), ("x-environment", "sandbox"), ("x-session-id", "s"))


async def test_a_context_that_was_changed_on_its_way_is_refused(world: World) -> None:
    metadata = signed(world, context=CONTEXT)
    changed = tuple((key, "other" if key == "x-tenant-id" else value) for key, value in metadata)
    assert await code_of(bare(world), changed) == Code.HANDOFF_INVALID.name


async def test_a_context_that_was_added_on_its_way_is_refused(world: World) -> None:
    assert await code_of(bare(world), (*signed(world), *CONTEXT)) == Code.HANDOFF_INVALID.name


async def test_an_incomplete_context_is_refused(world: World) -> None:
    assert await code_of(bare(world), signed(world, context=CONTEXT[:3])) == Code.REQUEST_INVALID.name


async def test_a_context_key_given_twice_is_refused(world: World) -> None:
    metadata = (*signed(world, context=CONTEXT), ("x-tenant-id", "other"))
    assert await code_of(bare(world), metadata) == Code.REQUEST_INVALID.name


async def test_bytes_that_are_no_message_are_refused(world: World) -> None:
    garbage = b"\xff\xff\xff"
    assert await code_of(bare(world), signed(world, request=garbage), garbage) == Code.REQUEST_INVALID.name


async def test_a_stolen_handoff_does_not_pass_under_another_tls_name(world: World) -> None:
    if world.kind == "wire":
        assert await code_of(bare(world, "screening"), signed(world)) == Code.HANDOFF_INVALID.name
    else:  # nothing names the peer in memory: it is the same process
        assert await bare(world, "screening").unary_unary(PATH)(HELLO, metadata=signed(world), timeout=5)


async def test_an_unexpected_exception_puts_nothing_but_its_code_on_the_wire(world: World) -> None:
    bug = StringValue(value="bug").SerializeToString()
    channel = bare(world)
    with pytest.raises(aio.AioRpcError) as caught:
        await channel.unary_unary(PATH)(bug, metadata=signed(world, request=bug), timeout=5)
    await channel.close(None)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert dict(caught.value.trailing_metadata() or ())[CODE_KEY] == Code.INTERNAL.name
    assert "1234" not in f"{caught.value!r} {caught.value.details()}"
