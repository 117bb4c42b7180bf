"""TLS on both sides: strangers, impostors, and links that stream both ways."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc import aio

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import ManualClock, SystemClock
from strongroom.runtime.pki import Authority, TlsIdentity, new_root
from strongroom.runtime.rpc.door import Door
from strongroom.runtime.rpc.errors import read_refusal
from strongroom.runtime.rpc.handoff import HandoffVerifier
from strongroom.runtime.rpc.wire import wire_channel, wire_server
from tests.runtime.rpc.echo import ACCESS, Echo, new_authority

CLOCK = SystemClock()
LINK = "/strongroom.echo.v1.Echo/Link"


def tls(authority: Authority, service: str) -> TlsIdentity:
    return TlsIdentity.from_issuer(authority, service=service, clock=CLOCK)


@asynccontextmanager
async def engine(authority: Authority, identity: TlsIdentity | None = None) -> AsyncGenerator[str]:
    """An echo service on the wire; gives its address."""
    verifier = HandoffVerifier(service="echo", trust_root=authority.trust_root(), access=ACCESS, clock=CLOCK)
    door = Door(verifier=verifier, access=ACCESS, clock=CLOCK, tls=True)
    server, port = wire_server(identity or tls(authority, "echo"), address="127.0.0.1:0", interceptors=(door,))
    Echo().register(server)
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@asynccontextmanager
async def link(identity: TlsIdentity, address: str, service: str = "echo") -> AsyncGenerator[aio.Channel]:
    channel = wire_channel(identity, address=address, service=service, environment=Environment.SANDBOX)
    try:
        yield channel
    finally:
        await channel.close(None)


async def exchange(channel: aio.Channel, *words: str) -> list[str]:
    """Send the words over one stream and collect the answers."""
    stream = channel.stream_stream(
        LINK, request_serializer=StringValue.SerializeToString, response_deserializer=StringValue.FromString
    )(timeout=5)
    answers: list[str] = []
    try:
        for word in words:
            await stream.write(StringValue(value=word))
            answer = await stream.read()
            if isinstance(answer, StringValue):
                answers.append(answer.value)
        await stream.done_writing()
        assert not isinstance(await stream.read(), StringValue)
    except aio.AioRpcError as error:
        raise read_refusal(error) from None
    if await stream.code() is not grpc.StatusCode.OK:
        raise AssertionError(await stream.details())
    return answers


async def refused(channel: aio.Channel, *words: str) -> Code:
    with pytest.raises(StrongroomError) as caught:
        await exchange(channel, *words)
    return caught.value.code


async def test_a_link_names_its_peer_by_the_certificate() -> None:
    authority = new_authority()
    async with engine(authority) as address, link(tls(authority, "cosigner-1"), address) as channel:
        assert await exchange(channel, "a", "b") == ["cosigner-1 a", "cosigner-1 b"]


async def test_a_link_is_refused_to_who_is_not_listed() -> None:
    authority = new_authority()
    async with engine(authority) as address, link(tls(authority, "cosigner-9"), address) as channel:
        assert await refused(channel, "a") is Code.CALLER_NOT_ALLOWED


async def test_a_refusal_ends_a_link_with_its_code() -> None:
    authority = new_authority()
    async with engine(authority) as address, link(tls(authority, "cosigner-1"), address) as channel:
        assert await refused(channel, "a", "refuse") is Code.COSIGNER_BANNED


async def test_a_stranger_with_a_root_of_his_own_gets_no_connection() -> None:
    async with engine(new_authority()) as address, link(tls(new_authority(), "cosigner-1"), address) as channel:
        assert await refused(channel, "a") is Code.UNAVAILABLE


async def test_a_stranger_who_knows_the_root_but_has_no_certificate_of_it_gets_no_connection() -> None:
    authority, own = new_authority(), tls(new_authority(), "cosigner-1").leaf()
    root_pem = tls(authority, "echo").leaf().root_pem
    async with engine(authority) as address:
        for credentials in (
            grpc.ssl_channel_credentials(root_pem),
            grpc.ssl_channel_credentials(root_pem, own.key_pem, own.chain_pem),
        ):
            options = (("grpc.ssl_target_name_override", "localhost"),)
            async with aio.secure_channel(address, credentials, options=options) as channel:
                assert await refused(channel, "a") is Code.UNAVAILABLE


async def test_plain_text_gets_no_connection() -> None:
    async with engine(new_authority()) as address, aio.insecure_channel(address) as channel:
        assert await refused(channel, "a") is Code.UNAVAILABLE


async def test_a_peer_of_another_environment_under_the_same_root_is_refused() -> None:
    root = new_root(CLOCK)
    sandbox = Authority.under(root, environment=Environment.SANDBOX, clock=CLOCK)
    live = Authority.under(root, environment=Environment.LIVE, clock=CLOCK)
    async with engine(sandbox) as address, link(tls(live, "cosigner-1"), address) as channel:
        assert await refused(channel, "a") is Code.CALLER_NOT_ALLOWED


async def test_another_service_of_the_same_root_cannot_stand_in_for_the_server() -> None:
    authority = new_authority()
    async with (
        engine(authority, tls(authority, "screening")) as address,
        link(tls(authority, "cosigner-1"), address) as channel,
    ):
        assert await refused(channel, "a") is Code.UNAVAILABLE


async def test_a_server_renews_its_certificate_without_a_restart() -> None:
    authority, clock = new_authority(), ManualClock(CLOCK.now())
    identity = TlsIdentity.from_issuer(authority, service="echo", clock=clock)
    async with engine(authority, identity) as address:
        first = await served_certificate(authority, address)
        assert await served_certificate(authority, address) == first
        clock.advance(timedelta(hours=13).total_seconds())
        assert await served_certificate(authority, address) != first


async def served_certificate(authority: Authority, address: str) -> bytes:
    """The leaf that a new connection is shown."""
    leaf = tls(authority, "cosigner-1").leaf()
    context = ssl.create_default_context(cadata=leaf.root_pem.decode())
    context.set_alpn_protocols(["h2"])
    context.check_hostname = False
    host, _, port = address.partition(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    peer = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return bytes(peer)


async def test_an_address_in_use_is_said_so() -> None:
    authority = new_authority()
    async with engine(authority) as address:
        with pytest.raises(StrongroomError) as caught:
            wire_server(tls(authority, "echo"), address=address)
        assert caught.value.code is Code.UNAVAILABLE
