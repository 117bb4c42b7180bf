"""A key encryption key that is decrypted by the provider's own service when the enclave starts (travel_rule.md 1.3)."""

import base64
import binascii
import ipaddress

import httpx
import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.kms import SealingKey, SealingKeyWrapper

_KIND = "endpoint"
_ANSWER_MAX_BYTES = 65_536


class _Answer(msgspec.Struct):
    output_key: str = msgspec.field(name="outputKey")


async def wrapper_from_endpoint(
    url: str, *, input_key: str, http: httpx.AsyncClient, timeout_s: float = 10.0
) -> SealingKeyWrapper:
    """Ask ``POST url {"inputKey": ...}`` for ``{"outputKey": ...}``: 32 bytes in base64, the key encryption key.

    Args:
        url: https; plain http only on loopback, for the answer is the key itself.
        input_key: the encrypted key, or its name at the service.
        http: whose certificates and proxies count.
        timeout_s: for the whole exchange.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for another address; ``UNAVAILABLE`` when the service is not there or
            refuses; ``STATE_DAMAGED`` when what it answers is no such key.
    """
    _check_private(url)
    try:
        answer = await http.post(url, json={"inputKey": input_key}, timeout=timeout_s, follow_redirects=False)
    except httpx.HTTPError:
        raise StrongroomError(Code.UNAVAILABLE, "The decrypt endpoint does not answer.") from None
    if not answer.is_success:
        raise StrongroomError(Code.UNAVAILABLE, f"The decrypt endpoint answers {answer.status_code}.")
    return SealingKeyWrapper(_key_in(answer.content), kind=_KIND)


def wrapper_from_text(key: str) -> SealingKeyWrapper:
    """The key encryption key as a setting, 32 bytes in base64; ``STATE_DAMAGED`` when it is not. Not recommended."""
    return SealingKeyWrapper(_parse_key(key), kind="environment")


def _check_private(url: str) -> None:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise StrongroomError(Code.CONFIG_INVALID, "The decrypt endpoint is no address.") from None
    if address.scheme == "https" or (address.scheme == "http" and _is_loopback(address.host)):
        return
    raise StrongroomError(Code.CONFIG_INVALID, "The decrypt endpoint is reached by https, or by http on loopback.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key_in(content: bytes) -> SealingKey:
    try:
        return _parse_key(msgspec.json.decode(content[:_ANSWER_MAX_BYTES], type=_Answer).output_key)
    except (msgspec.DecodeError, ValueError):
        raise StrongroomError(Code.STATE_DAMAGED, "The decrypt endpoint answers no key.") from None


def _parse_key(text: str) -> SealingKey:
    try:
        return SealingKey(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise StrongroomError(Code.STATE_DAMAGED, "The key is not base64.") from None
