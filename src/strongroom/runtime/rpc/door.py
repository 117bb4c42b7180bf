"""The callee's side of every call, in memory and on the wire alike: handoff, context, errors.

Handlers are wrapped to take and give bytes, so that the handoff's hash is over what was received.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, NoReturn, Protocol, TypeAlias, cast, final

import grpc
import structlog
from google.protobuf.message import DecodeError
from grpc import aio

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.rpc.access import Access, method_of
from strongroom.runtime.rpc.call import CURRENT, Call
from strongroom.runtime.rpc.chains import read_handoff_metadata
from strongroom.runtime.rpc.context import context_hash, parse_context, read_context
from strongroom.runtime.rpc.errors import refuse
from strongroom.runtime.rpc.handoff import HandoffVerifier
from strongroom.runtime.rpc.local import LocalRpcError
from strongroom.runtime.rpc.tls_peer import peer_service

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
_ABORTS: Final = (aio.AbortError, LocalRpcError)


class _Context(Protocol):
    def invocation_metadata(self) -> Any: ...  # noqa: ANN401 - grpc and the local transport differ
    def auth_context(self) -> Mapping[str, Any]: ...
    async def abort(self, code: grpc.StatusCode, details: str = ..., trailing_metadata: Any = ...) -> NoReturn: ...  # noqa: ANN401


@final
class Door(aio.ServerInterceptor):
    """Admits verified calls and turns every exception into a coded refusal.

    Args:
        verifier: checks the handoffs of this service.
        tls: whether the transport names its peer; then that name must be the handoff's.
    """

    def __init__(self, *, verifier: HandoffVerifier, access: Access, clock: Clock, tls: bool) -> None:
        self._verifier = verifier
        self._access = access
        self._clock = clock
        self._tls = tls
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], "Awaitable[Handler | None]"],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        """The handler behind this door; an unknown method stays unknown."""
        path = handler_call_details.method
        wrapped = self._wrapped.get(path)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            wrapped = self._wrapped[path] = self._wrap(handler, method_of(path))
        return wrapped

    def _wrap(self, handler: Handler, method: str) -> Handler:
        if handler.request_streaming and handler.response_streaming:
            return self._stream_stream(handler, method)
        if handler.request_streaming:
            raise StrongroomError(Code.CONFIG_INVALID, f"{method} streams requests to one answer")
        if handler.response_streaming:
            return self._unary_stream(handler, method)
        return self._unary_unary(handler, method)

    def _unary_unary(self, handler: Handler, method: str) -> Handler:
        inner: Any = handler.unary_unary

        async def answer(raw: bytes, context: _Context) -> bytes:
            try:
                request = self._admit(handler, method, raw, context)
                return _serialised(handler, await inner(request, context))
            except _ABORTS:
                raise
            except Exception as error:  # noqa: BLE001 - the door is where every exception becomes a code
                return await _abort(context, error, method)

        return grpc.unary_unary_rpc_method_handler(cast("Any", answer))

    def _unary_stream(self, handler: Handler, method: str) -> Handler:
        inner: Any = handler.unary_stream

        async def answers(raw: bytes, context: _Context) -> AsyncIterator[bytes]:
            try:
                request = self._admit(handler, method, raw, context)
                async for reply in inner(request, context):
                    yield _serialised(handler, reply)
            except _ABORTS:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                await _abort(context, error, method)

        return grpc.unary_stream_rpc_method_handler(cast("Any", answers))

    def _stream_stream(self, handler: Handler, method: str) -> Handler:
        """A link between processes: its peer is named by TLS, and its messages carry their own handoffs."""
        inner: Any = handler.stream_stream

        async def answers(requests: AsyncIterator[Any], context: _Context) -> AsyncIterator[Any]:
            try:
                self._admit_link(method, context)
                async for reply in inner(requests, context):
                    yield reply
            except _ABORTS:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                await _abort(context, error, method)

        return grpc.stream_stream_rpc_method_handler(
            cast("Any", answers), handler.request_deserializer, handler.response_serializer
        )

    def _admit(self, handler: Handler, method: str, raw: bytes, context: _Context) -> object:
        """Verify one call, make it the current one and parse its request."""
        metadata = tuple((key, value) for key, value in context.invocation_metadata() or ())
        token, chain = read_handoff_metadata(metadata)
        given = read_context(metadata)
        handoff = self._verifier.verify(
            token=token, chain=chain, method=method, request=raw, context_hash=context_hash(given)
        )
        if self._tls and peer_service(context.auth_context(), self._verifier.environment) != handoff.from_service:
            raise StrongroomError(Code.HANDOFF_INVALID, "the handoff's caller is not the transport's peer")
        call = Call(
            caller=handoff.from_service,
            method=method,
            handoff=handoff,
            given_context=parse_context(given, self._verifier.environment),
            occurred_at=self._clock.now(),
        )
        _enter(call)
        request = _deserialised(handler, raw)
        _check_transaction(request, call)
        return request

    def _admit_link(self, method: str, context: _Context) -> None:
        caller = peer_service(context.auth_context(), self._verifier.environment)
        self._access.check(caller=caller, method=method)
        _enter(Call(caller=caller, method=method, handoff=None, given_context=None, occurred_at=self._clock.now()))


def _enter(call: Call) -> None:
    # a handler runs in a task of its own on both transports, so nothing has to be put back
    CURRENT.set(call)
    structlog.contextvars.bind_contextvars(
        caller=call.caller, method=call.method, transaction_id=str(call.transaction_id or "")
    )


def _check_transaction(request: object, call: Call) -> None:
    """A request that names a transaction must name the one that its handoff is for."""
    named = getattr(request, "transaction_id", None)
    if call.transaction_id is not None and isinstance(named, str) and named != str(call.transaction_id):
        raise StrongroomError(Code.HANDOFF_INVALID, "the request is for another transaction than its handoff")


def _deserialised(handler: Handler, raw: bytes) -> object:
    parse: Any = handler.request_deserializer
    try:
        return raw if parse is None else parse(raw)
    except DecodeError:
        raise StrongroomError(Code.REQUEST_INVALID, "the request is not a message of its type") from None


def _serialised(handler: Handler, reply: object) -> bytes:
    serialise: Any = handler.response_serializer
    return cast("bytes", reply if serialise is None else serialise(reply))


async def _abort(context: _Context, error: Exception, method: str) -> NoReturn:
    status, detail, trailing = refuse(error, method=method)
    await context.abort(status, detail, trailing)
