"""The caller's side of every call: deadline, context, signed handoff, errors.

Generated stubs take a ``CallerChannel`` for a channel; what a call acts for is stated with ``acting(...)``:
``await stub.Evaluate(request, metadata=acting(transaction_id=..., parents=..., context=...))``.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Final, TypeAlias, cast, final

from grpc import aio

from strongroom.runtime.rpc.access import method_of
from strongroom.runtime.rpc.chains import CHAIN_KEY, HANDOFF_KEY, encode_chain
from strongroom.runtime.rpc.context import Metadata, context_hash, split_acting
from strongroom.runtime.rpc.errors import read_refusal
from strongroom.runtime.rpc.handoff import HandoffSigner

DEADLINE_S: Final = 10.0
_Coder: TypeAlias = Callable[[Any], Any] | None
_Acting: TypeAlias = Iterable[tuple[str, str | bytes]] | None


@final
class CallerChannel:
    """A channel to one service on behalf of one service.

    Args:
        channel: the transport, ``LocalChannel`` or ``grpc.aio.Channel``; it carries bytes.
        to: the service at its other end.
        signer: signs every call.
        deadline_s: for a call that states no ``timeout``.
    """

    def __init__(self, channel: aio.Channel, *, to: str, signer: HandoffSigner, deadline_s: float = DEADLINE_S) -> None:
        self._channel = channel
        self._to = to
        self._signer = signer
        self._deadline_s = deadline_s

    def as_channel(self) -> aio.Channel:
        """Itself, under the type that generated stubs are written for."""
        return cast("aio.Channel", self)

    def unary_unary(
        self, path: str, request_serializer: _Coder = None, response_deserializer: _Coder = None, **_: object
    ) -> Callable[..., Coroutine[Any, Any, Any]]:
        """One request, one answer; a refusal is a ``StrongroomError`` with the callee's code."""
        send = cast("Any", self._channel).unary_unary(path)
        method = method_of(path)

        async def call(
            request: object,
            *,
            timeout: float | None = None,  # noqa: ASYNC109 - the name under which generated stubs are called
            metadata: _Acting = None,
        ) -> object:
            sent = _coded(request_serializer, request)
            signed = self._signed(method, sent, metadata)
            try:
                answer = await send(sent, timeout=timeout or self._deadline_s, metadata=signed)
            except (aio.AioRpcError, aio.UsageError) as error:
                raise read_refusal(error) from None
            return _coded(response_deserializer, answer)

        return call

    def unary_stream(
        self, path: str, request_serializer: _Coder = None, response_deserializer: _Coder = None, **_: object
    ) -> Callable[..., AsyncIterator[Any]]:
        """One request, a stream of answers; the deadline covers the whole stream."""
        send = cast("Any", self._channel).unary_stream(path)
        method = method_of(path)

        async def call(
            request: object,
            *,
            timeout: float | None = None,  # noqa: ASYNC109 - as above
            metadata: _Acting = None,
        ) -> AsyncIterator[object]:
            sent = _coded(request_serializer, request)
            signed = self._signed(method, sent, metadata)
            try:
                answers = send(sent, timeout=timeout or self._deadline_s, metadata=signed)
                try:
                    async for answer in answers:
                        yield _coded(response_deserializer, answer)
                finally:
                    answers.cancel()
            except (aio.AioRpcError, aio.UsageError) as error:
                raise read_refusal(error) from None

        return call

    def stream_stream(self, path: str, *_: object, **__: object) -> Callable[..., object]:
        """A link is dialled with ``wire.wire_channel``: its messages carry their own handoffs."""

        def call(*_: object, **__: object) -> object:
            raise TypeError(f"{path} is a stream both ways: dial it with wire_channel")

        return call

    stream_unary = stream_stream

    def _signed(self, method: str, sent: bytes, metadata: _Acting) -> Metadata:
        transaction_id, parents, context = split_acting(metadata or ())
        handoff = self._signer.sign(
            to=self._to,
            method=method,
            request=sent,
            transaction_id=transaction_id,
            parents=parents,
            context_hash=context_hash(context),
        )
        return ((HANDOFF_KEY, handoff.token), (CHAIN_KEY, encode_chain(handoff.chain)), *context)


def _coded(coder: _Coder, message: object) -> Any:  # noqa: ANN401 - what the generated coder makes of it
    return message if coder is None else coder(message)
