"""The tokens that co-signer and callback handler exchange: one spelling of an answer, one key, one question."""

import base64
import hmac
import json
from collections.abc import Callable
from decimal import Decimal

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.vendors.callback_handler.simulator import CallbackHandlerSimulator
from strongroom.vendors.callback_handler.tokens import open_token, parse_private_key, parse_public_key, write_token
from strongroom.vendors.simulated import Request
from tests.custody.cosigner.handlers import rsa_key

CLAIMS = b'{"action":"APPROVE","requestId":"1"}'
SIGNED = write_token(CLAIMS, rsa_key("handler"))
HANDLER = rsa_key("handler").public_key()


def refused(token: bytes) -> Code:
    with pytest.raises(StrongroomError) as caught:
        open_token(token, HANDLER)
    return caught.value.code


@given(claims=st.binary(max_size=200))
def test_what_is_written_is_read(claims: bytes) -> None:
    assert open_token(write_token(claims, rsa_key("handler")).encode(), HANDLER) == claims


@settings(max_examples=200)
@given(place=st.integers(0, len(SIGNED) - 1), to=st.characters(codec="ascii"))
def test_a_token_changed_anywhere_is_none(place: int, to: str) -> None:
    changed = SIGNED[:place] + to + SIGNED[place + 1 :]
    if changed.strip() != SIGNED and place != len(SIGNED) - 1:  # the last character has bits that say nothing
        assert refused(changed.encode()) in {Code.TOKEN_MALFORMED, Code.TOKEN_SIGNATURE_INVALID}


@given(noise=st.binary(max_size=300))
def test_noise_is_no_token(noise: bytes) -> None:
    assert refused(noise) is Code.TOKEN_MALFORMED


def headed(**head: object) -> bytes:
    """A token with another head, signed as it should be."""
    return jwt.encode(json.loads(CLAIMS), rsa_key("handler"), algorithm="RS256", headers=dict(head)).encode()


FORGERIES: dict[str, Callable[[], bytes]] = {
    "no algorithm": lambda: jwt.encode(json.loads(CLAIMS), "", algorithm="none").encode(),
    "a secret that is public": lambda: hmac_token(
        HANDLER.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ),
    "another hash": lambda: jwt.encode(json.loads(CLAIMS), rsa_key("handler"), algorithm="RS512").encode(),
    "another padding": lambda: jwt.encode(json.loads(CLAIMS), rsa_key("handler"), algorithm="PS256").encode(),
    "an extension that must be understood": lambda: headed(crit=["exp"], exp=1),
    "too long": lambda: SIGNED.encode() + b" " * (1 << 16),
    "a part more": lambda: SIGNED.encode() + b".x",
}


def hmac_token(secret: bytes) -> bytes:
    """HS256 with the handler's public key for a secret: the mistake of libraries that let the token choose."""
    head = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"HS256"}').rstrip(b"=")
    signed = head + b"." + base64.urlsafe_b64encode(CLAIMS).rstrip(b"=")
    return signed + b"." + base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=")


@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_cannot_choose_how_it_is_verified(name: str) -> None:
    assert refused(FORGERIES[name]()) is Code.TOKEN_MALFORMED


def test_a_token_of_another_key_is_told_apart() -> None:
    assert refused(write_token(CLAIMS, rsa_key("cosigner")).encode()) is Code.TOKEN_SIGNATURE_INVALID


def test_white_space_around_it_is_allowed() -> None:
    assert open_token(b"\n " + SIGNED.encode() + b"\r\n", HANDLER) == CLAIMS


def test_padding_is_another_spelling() -> None:
    head, claims, signature = SIGNED.split(".")
    assert refused(f"{head}.{claims}=.{signature}".encode()) is Code.TOKEN_MALFORMED
    assert base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)) == CLAIMS


@pytest.mark.parametrize("parse", [parse_private_key, parse_public_key])
def test_a_key_that_is_no_long_rsa_key_is_refused(parse: Callable[[bytes], object]) -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is what must be refused
    for key in (ec.generate_private_key(ec.SECP256R1()), short):
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(StrongroomError) as caught:
            parse(private if parse is parse_private_key else public)
        assert caught.value.code is Code.CONFIG_INVALID


def ask(handler: CallbackHandlerSimulator, question: dict[str, object], *, by: str = "cosigner") -> tuple[int, str]:
    """Status and action of the stand-in's answer."""
    token = write_token(json.dumps(question).encode(), rsa_key(by))
    path = "/hooks/v2/tx_sign_request"
    reply = handler.answer(Request(method="POST", target=path, path=path, headers={}, body=token.encode()))
    return reply.status, json.loads(open_token(reply.body, HANDLER))["action"] if reply.status == 200 else ""


def test_the_stand_in_answers_its_own_co_signer_alone_and_rejects_what_is_too_much() -> None:
    handler = CallbackHandlerSimulator(
        key=rsa_key("handler"), cosigner_key=rsa_key("cosigner").public_key(), reject_above=Decimal("0.5")
    )
    assert ask(handler, {"requestId": "1", "amountStr": "0.5"}) == (200, "APPROVE")
    assert ask(handler, {"requestId": "2", "amountStr": "0.500000000000000001"}) == (200, "REJECT")
    assert ask(handler, {"requestId": "3", "amountStr": "0.1"}, by="handler") == (401, "")
    assert [question["requestId"] for question in handler.questions] == ["1", "2"]
