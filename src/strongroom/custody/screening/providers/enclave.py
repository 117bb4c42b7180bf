"""The institution's own Travel Rule enclave, over its REST API and nothing else (travel_rule.md 1.2)."""

import re
from typing import Annotated, Any, Final, final
from uuid import UUID

import httpx
import msgspec
import structlog

from strongroom.custody.screening.config import EnclaveAsset, EnclaveConfig
from strongroom.custody.screening.domain.exchanges import Exchange, Question, decide_exchange, refusal
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import format_amount
from strongroom.runtime.clock import Clock

_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 0.5
_MAX_ANSWER_BYTES: Final = 1 << 20
_NOT_FOUND: Final = "VERIFICATION-NOT-FOUND"
_REUSED: Final = "VERIFICATION-UUID-REUSED"
_CODE: Final = re.compile(r"[A-Z][A-Z0-9-]{0,63}")
_log = structlog.stdlib.get_logger(__name__)


class _Result(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of a verification; the data of persons in it is not."""

    verification_uuid: Annotated[str, msgspec.Meta(max_length=64)]
    result: Annotated[str, msgspec.Meta(max_length=64)]
    reason: str | None = None
    message: str | None = None
    tx_hash: str | None = None


class _Refusal(msgspec.Struct, frozen=True):
    code: str = ""


@final
class _RefusedError(Exception):
    """The enclave's own refusal: its code alone, because its text may hold anything."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@final
class Enclave:
    """A ``Counterparty`` that is one. Close it with ``close``.

    Args:
        config: where it is, and what it wants to be told.
        clock: for the pauses between two questions about the same verification.
    """

    is_simulated = False

    def __init__(self, config: EnclaveConfig, *, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._client = httpx.AsyncClient(
            base_url=config.url,
            headers={"Authorization": f"Bearer {config.token}"},
            timeout=config.timeout_s,
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def exchange(self, question: Question) -> Exchange:
        """Ask the other institution, and wait a while for its answer.

        A verification that is there is read and never asked anew, whatever was imported since.

        Raises:
            StrongroomError: ``TRAVEL_RULE_PENDING`` while there is no answer, for whatever reason.
        """
        asset = self._config.assets.get(question.intent.asset_id)
        if asset is None:
            why = f"the setting enclave.assets does not say how the network calls {question.intent.asset_id}"
            return refusal(vasp_id=question.vasp_id, reason=why)
        found = await self._find(question.verification_id) if question.repeated else None
        try:
            result = found or await self._ask(question, asset)
        except _RefusedError as refused:
            return refusal(vasp_id=question.vasp_id, reason=f"the enclave refused the request: {refused.code}")
        return await self._await_end(question, result)

    async def report_sent(self, verification_id: UUID, tx_hash: str) -> None:
        """Tell the hash.

        Raises:
            StrongroomError: ``TRAVEL_RULE_PENDING``, also where the enclave refuses: people have to look at it.
        """
        body = {"verificationUuid": str(verification_id), "txHash": tx_hash}
        try:
            await self._send("POST", "/v1/verifications/tx", body)
        except _RefusedError as refused:
            found = await self._find(verification_id)
            if found is None or found.tx_hash != tx_hash:
                raise self._pending("report_refused", refused.code) from None

    async def report_failed(self, verification_id: UUID, reason: str) -> None:
        """Tell that it will never be made; nothing is told where the other institution never agreed to it.

        Raises:
            StrongroomError: ``TRAVEL_RULE_PENDING``, also while that institution has not answered yet.
        """
        body = {"verificationUuid": str(verification_id), "result": "TRANSFER_ERROR", "reason": reason}
        try:
            await self._send("POST", "/v1/verifications/error", body)
        except _RefusedError as refused:
            found = await self._find(verification_id)
            if found is not None and found.result in ("WAIT", "PENDING", "VERIFIED"):
                raise self._pending("report_refused", refused.code) from None

    async def _ask(self, question: Question, asset: EnclaveAsset) -> _Result:
        try:
            data = await self._send("POST", "/v1/verifications", self._request(question, asset))
        except _RefusedError as refused:
            found = await self._find(question.verification_id) if refused.code == _REUSED else None
            if found is None:
                raise
            return found
        return self._parse(data, question.verification_id)

    async def _await_end(self, question: Question, result: _Result) -> Exchange:
        began_s, pause_s = self._clock.monotonic_s(), _FIRST_PAUSE_S
        while True:
            exchange = decide_exchange(
                question=question, result=result.result, reason=result.reason, message=result.message
            )
            if exchange is not None:
                return exchange
            if self._clock.monotonic_s() - began_s >= self._config.answer_s:
                raise StrongroomError(Code.TRAVEL_RULE_PENDING, f"VASP {question.vasp_id} has not answered yet.")
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            result = await self._find(question.verification_id) or result

    async def _find(self, verification_id: UUID) -> _Result | None:
        try:
            data = await self._send("GET", f"/v1/verifications/{verification_id}")
        except _RefusedError as refused:
            if refused.code == _NOT_FOUND:
                return None
            raise self._pending("read_refused", refused.code) from None
        return self._parse(data, verification_id)

    def _parse(self, data: bytes, verification_id: UUID) -> _Result:
        try:
            result = msgspec.json.decode(data, type=_Result)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise self._pending("answer_malformed", "") from None
        if result.verification_uuid != str(verification_id):
            raise self._pending("answer_of_another_verification", "")
        return result

    async def _send(self, method: str, path: str, body: object = None) -> bytes:
        content = b"" if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"} if content else {}
        try:
            async with self._client.stream(method, path, content=content, headers=headers) as answer:
                status, data = answer.status_code, await _read(answer)
        except httpx.HTTPError as error:
            raise self._pending("unreachable", type(error).__name__) from None
        if 200 <= status < 300:
            return data
        code = _code(data)
        if 400 <= status < 500 and status not in (401, 403, 408, 429) and code:
            raise _RefusedError(code)
        raise self._pending("no_answer", f"{status} {code}".strip())

    def _pending(self, event: str, detail: str) -> StrongroomError:
        _log.warning(f"enclave_{event}", detail=detail)
        return StrongroomError(Code.TRAVEL_RULE_PENDING, f"The Travel Rule enclave does not answer ({event}).")

    def _request(self, question: Question, asset: EnclaveAsset) -> dict[str, Any]:
        intent = question.intent
        info = {
            "symbol": asset.symbol,
            "network": asset.network or None,
            "amount": format_amount(intent.amount_units, decimals=intent.decimals),
            "tradePrice": asset.price or None,
            "tradeCurrency": asset.currency or None,
            "tradeISODatetime": self._clock.now().isoformat(timespec="seconds") if asset.price else None,
        }
        persons = {
            "originator": {
                "originatorPersons": msgspec.Raw(question.originator),
                "accountNumber": [intent.sender],
            },
            "beneficiary": {
                "beneficiaryPersons": msgspec.Raw(question.beneficiary),
                "accountNumber": [intent.destination],
            },
        }
        return {
            "verificationUuid": str(question.verification_id),
            "keyType": self._config.key_type,
            "beneficiaryVaspId": question.vasp_id,
            "assetInfo": {**{key: value for key, value in info.items() if value}, "isExceedingThreshold": True},
            "requiredBeneficiaryInfo": self._config.required_beneficiary_info,
            "payload": {"version": "1.0", "ivms101": persons},
        }


async def _read(answer: httpx.Response) -> bytes:
    data = bytearray()
    async for part in answer.aiter_bytes():
        data += part
        if len(data) > _MAX_ANSWER_BYTES:
            raise httpx.ReadError("the answer is too long")
    return bytes(data)


def _code(data: bytes) -> str:
    try:
        code = msgspec.json.decode(data, type=_Refusal).code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return code if _CODE.fullmatch(code) else ""
