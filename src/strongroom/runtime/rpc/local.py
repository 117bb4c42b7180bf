"""gRPC without a socket: generated stubs on one side, generated servicers on the other.

Messages are serialised both ways, so caller and callee never share an object; interceptors, deadlines, cancellation
and errors are those of ``grpc.aio``. A handler runs in a task and a context of its own, as it would on the wire.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextvars import Context
from typing import Any, Final, NoReturn, TypeAlias, cast, final

import grpc
from grpc import aio

Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
_Coder: TypeAlias = Callable[[Any], Any] | None
_STREAM_AHEAD: Final = 16
_END: Final = object()


@final
class LocalRpcError(aio.AioRpcError):
    """What a failed call in memory raises: an ``AioRpcError`` like any other."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: Metadata = ()) -> None:
        super().__init__(code, aio.Metadata(), aio.Metadata(*trailing), details, None)


@final
class LocalContext:
    """What a handler may ask about its call; the part of ``grpc.aio.ServicerContext`` that unary calls need."""

    def __init__(self, metadata: Metadata, deadline_s: float | None) -> None:
        self._metadata = metadata
        self._deadline_s = deadline_s
        self._trailing: Metadata = ()
        self._code = grpc.StatusCode.OK
        self._details = ""

    def invocation_metadata(self) -> Metadata:
        """The caller's metadata."""
        return self._metadata

    def set_trailing_metadata(self, trailing_metadata: Iterable[tuple[str, str | bytes]]) -> None:
        """Metadata that leaves with the answer."""
        self._trailing = tuple(trailing_metadata)

    def set_code(self, code: grpc.StatusCode) -> None:
        """The status with which the call ends when the handler returns."""
        self._code = code

    def set_details(self, details: str) -> None:
        """The text that goes with the status."""
        self._details = details

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Metadata = ()) -> NoReturn:
        """End the call with that status."""
        raise LocalRpcError(code, details, tuple(trailing_metadata) or self._trailing)

    def time_remaining(self) -> float | None:
        """Seconds to the caller's deadline; None without one."""
        if self._deadline_s is None:
            return None
        return max(0.0, self._deadline_s - asyncio.get_running_loop().time())

    def peer(self) -> str:
        """Where the call comes from."""
        return "memory"

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        """Nothing: there is no TLS in memory."""
        return {}

    def check_status(self) -> None:
        """Raise if the handler set a status other than OK."""
        if self._code is not grpc.StatusCode.OK:
            raise LocalRpcError(self._code, self._details, self._trailing)


@final
class _Details:
    def __init__(self, method: str, invocation_metadata: Metadata) -> None:
        self.method = method
        self.invocation_metadata = invocation_metadata


@final
class LocalServer:
    """Stand-in for ``grpc.aio.Server``: accepts what ``add_XServicer_to_server`` registers.

    Args:
        interceptors: run on every call, the first one outermost.
    """

    def __init__(self, interceptors: Sequence[aio.ServerInterceptor] = ()) -> None:
        self._handlers: dict[str, Handler] = {}
        self._interceptors = tuple(interceptors)

    def add_generic_rpc_handlers(self, generic_rpc_handlers: object) -> None:
        """Nothing: ``add_registered_method_handlers`` carries the same handlers by name."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Take the handlers of one generated servicer; a method registered twice is a ``ValueError``."""
        for name, handler in handlers.items():
            path = f"/{service}/{name}"
            if path in self._handlers:
                raise ValueError(f"{path} is registered twice")
            self._handlers[path] = handler

    def register(self, registration: Callable[[aio.Server], None]) -> None:
        """Let a ``Service.grpc`` closure add its servicer."""
        registration(cast("aio.Server", self))

    async def resolve(self, path: str, metadata: Metadata) -> Handler:
        """The handler for one call, behind every interceptor; raises UNIMPLEMENTED for an unknown method."""
        handler = await self._behind(0, cast("grpc.HandlerCallDetails", _Details(path, metadata)))
        if handler is None:
            raise LocalRpcError(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        return handler

    async def _behind(self, index: int, details: grpc.HandlerCallDetails) -> "Handler | None":
        if index == len(self._interceptors):
            return self._handlers.get(details.method)

        def inner(changed: grpc.HandlerCallDetails) -> Awaitable[Handler]:
            return cast("Awaitable[Handler]", self._behind(index + 1, changed))

        return await self._interceptors[index].intercept_service(inner, details)


@final
class LocalStreamCall:
    """The answers to one call; ``cancel`` ends the handler as well."""

    def __init__(
        self,
        producing: Coroutine[Any, Any, None],
        answers: "asyncio.Queue[object]",
        context: LocalContext,
        response_deserializer: _Coder,
    ) -> None:
        self._producer = asyncio.create_task(producing, context=Context())
        self._answers = answers
        self._context = context
        self._response_deserializer = response_deserializer

    def cancel(self) -> bool:
        """End the call; whether it was still running."""
        return self._producer.cancel()

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            while (answer := await self._next()) is not _END:
                yield _coded(self._response_deserializer, answer)
        finally:
            self.cancel()

    async def _next(self) -> object:
        try:
            async with asyncio.timeout(self._context.time_remaining()):
                answer = await self._answers.get()
        except TimeoutError:
            raise LocalRpcError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded") from None
        if isinstance(answer, LocalRpcError):
            raise answer
        return answer


@final
class LocalChannel:
    """Stand-in for ``grpc.aio.Channel``: generated stubs take it unchanged.

    Args:
        find_server: asked at every call, so that services may be built in any order; None means UNAVAILABLE.
    """

    def __init__(self, find_server: Callable[[], LocalServer | None]) -> None:
        self._find_server = find_server

    def as_channel(self) -> aio.Channel:
        """Itself, under the type that generated stubs are written for."""
        return cast("aio.Channel", self)

    async def close(self, grace: float | None = None) -> None:
        """Nothing to close."""

    def unary_unary(
        self, path: str, request_serializer: _Coder = None, response_deserializer: _Coder = None, **_: object
    ) -> Callable[..., Coroutine[Any, Any, Any]]:
        """One request, one answer."""

        async def call(
            request: object,
            *,
            timeout: float | None = None,  # noqa: ASYNC109 - the name under which generated stubs are called
            metadata: Metadata | None = None,
            **_: object,
        ) -> object:
            context = _context(metadata, timeout)
            sent = _coded(request_serializer, request)
            handler = await self._handler(path, context)
            try:
                async with asyncio.timeout(timeout):
                    answer = await _apart(_answer(handler, sent, context))
            except TimeoutError:
                raise LocalRpcError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded") from None
            return _coded(response_deserializer, answer)

        return call

    def unary_stream(
        self, path: str, request_serializer: _Coder = None, response_deserializer: _Coder = None, **_: object
    ) -> Callable[..., "LocalStreamCall"]:
        """One request, a stream of answers."""

        def call(
            request: object, *, timeout: float | None = None, metadata: Metadata | None = None, **_: object
        ) -> LocalStreamCall:
            context = _context(metadata, timeout)
            sent = _coded(request_serializer, request)
            answers: asyncio.Queue[object] = asyncio.Queue(_STREAM_AHEAD)
            producing = _produce(self._handler(path, context), sent, context, answers)
            return LocalStreamCall(producing, answers, context, response_deserializer)

        return call

    async def _handler(self, path: str, context: LocalContext) -> Handler:
        server = self._find_server()
        if server is None:
            raise LocalRpcError(grpc.StatusCode.UNAVAILABLE, "no such service in this process")
        return await server.resolve(path, context.invocation_metadata())


def _context(metadata: Metadata | None, timeout_s: float | None) -> LocalContext:
    deadline_s = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s
    return LocalContext(tuple(metadata or ()), deadline_s)


def _coded(coder: _Coder, message: object) -> object:
    return message if coder is None else coder(message)


async def _apart(answer: Coroutine[Any, Any, object]) -> object:
    return await asyncio.create_task(answer, context=Context())


async def _answer(handler: Handler, sent: object, context: LocalContext) -> object:
    """Run a unary handler; an unexpected exception becomes UNKNOWN, as in ``grpc.aio``."""
    try:
        answer = await cast("Any", handler.unary_unary)(_coded(handler.request_deserializer, sent), context)
    except LocalRpcError:
        raise
    except Exception as error:
        raise _unexpected(error) from error
    context.check_status()
    return _coded(handler.response_serializer, answer)


async def _produce(
    resolving: Coroutine[Any, Any, Handler], sent: object, context: LocalContext, answers: "asyncio.Queue[object]"
) -> None:
    """Run a streaming handler a bounded number of answers ahead of its reader; the end mark comes last."""
    try:
        handler = await resolving
        async for answer in cast("Any", handler.unary_stream)(_coded(handler.request_deserializer, sent), context):
            await answers.put(_coded(handler.response_serializer, answer))
        context.check_status()
    except LocalRpcError as error:
        await answers.put(error)
    except Exception as error:  # noqa: BLE001 - as in grpc.aio
        await answers.put(_unexpected(error))
    else:
        await answers.put(_END)


def _unexpected(error: Exception) -> LocalRpcError:
    return LocalRpcError(grpc.StatusCode.UNKNOWN, f"Unexpected {type(error)}: {error}")
