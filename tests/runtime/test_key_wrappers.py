import base64
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pkcs11
import pytest
from pkcs11.exceptions import AttributeSensitive

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.kms import KeyWrapper, MemoryKms, SealingKey, SealingKeyWrapper, SoftwareKms
from strongroom.runtime.kms_endpoint import wrapper_from_endpoint, wrapper_from_text
from strongroom.runtime.kms_pkcs11 import Pkcs11Wrapper, Token
from tests.suites.key_wrapper import KEY, KeyWrapperSuite

pytest_plugins = ["tests.fixtures.softhsm"]
TEXT = base64.b64encode(KEY).decode()


class TestSealingKeyWrapper(KeyWrapperSuite):
    kind = "software"

    @pytest.fixture
    def wrapper(self) -> KeyWrapper:
        return SealingKeyWrapper(MemoryKms().sealing_key("kek"))

    def test_the_key_outlives_the_process_in_its_file(self, tmp_path: Path) -> None:
        wrapped = SealingKeyWrapper(SoftwareKms(tmp_path).sealing_key("kek")).wrap(KEY, context=b"c")
        assert SealingKeyWrapper(SoftwareKms(tmp_path).sealing_key("kek")).unwrap(wrapped, context=b"c") == KEY


class TestPkcs11Wrapper(KeyWrapperSuite):
    kind = "pkcs11"

    @pytest.fixture
    def wrapper(self, token: Token) -> KeyWrapper:
        return Pkcs11Wrapper(token)

    def test_the_key_stays_in_the_token(self, token: Token) -> None:
        wrapped = Pkcs11Wrapper(token).wrap(KEY, context=b"c")
        assert Pkcs11Wrapper(token).unwrap(wrapped, context=b"c") == KEY
        library = pkcs11.lib(str(token.library))
        with library.get_token(token_label=token.label).open(user_pin=token.pin) as session:
            key = session.get_key(label=token.key_label)
            assert key[pkcs11.Attribute.SENSITIVE]
            assert not key[pkcs11.Attribute.EXTRACTABLE]
            with pytest.raises(AttributeSensitive):
                _ = key[pkcs11.Attribute.VALUE]

    def test_another_tokens_key_does_not_open_it(self, token: Token, softhsm: Callable[[], Token]) -> None:
        wrapped = Pkcs11Wrapper(token).wrap(KEY, context=b"c")
        other = softhsm()
        for wrapper in (Pkcs11Wrapper(other), Pkcs11Wrapper(replace(token, key_label="another"))):
            with pytest.raises(StrongroomError) as caught:
                wrapper.unwrap(wrapped, context=b"c")
            assert caught.value.code is Code.STATE_DAMAGED
        Pkcs11Wrapper(other).wrap(KEY, context=b"c")
        with pytest.raises(StrongroomError):
            Pkcs11Wrapper(other).unwrap(wrapped, context=b"c")

    @pytest.mark.parametrize(
        "changes", [{"label": "none"}, {"pin": "0987654321"}, {"library": Path("/nowhere/libpkcs11.so")}]
    )
    def test_a_token_that_is_not_there_is_said_to_be(self, token: Token, changes: dict[str, str]) -> None:
        with pytest.raises(StrongroomError) as caught:
            Pkcs11Wrapper(replace(token, **changes)).wrap(KEY, context=b"c")
        assert caught.value.code is Code.UNAVAILABLE

    def test_a_pin_does_not_show_itself(self, token: Token) -> None:
        assert token.pin not in repr(token)


class _Endpoint(http.server.BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, bytes]]
    asked: list[object]

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        status, body = self.answers[self.path]
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    _Endpoint.answers = {
        "/good": (200, json.dumps({"outputKey": TEXT, "extra": 1}).encode()),
        "/short": (200, json.dumps({"outputKey": TEXT[:-8]}).encode()),
        "/other": (200, b"<html>"),
        "/none": (200, b"{}"),
        "/refuses": (403, json.dumps({"outputKey": TEXT}).encode()),
        "/moved": (302, b""),
    }
    _Endpoint.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class TestEndpointWrapper:
    async def _ask(self, url: str) -> SealingKeyWrapper:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await wrapper_from_endpoint(url, input_key="kms/key-1", http=client)

    async def test_the_key_is_what_the_endpoint_answers(self, endpoint: str) -> None:
        wrapper = await self._ask(f"{endpoint}/good")
        assert _Endpoint.asked == [{"inputKey": "kms/key-1"}]
        assert wrapper.kind == "endpoint"
        wrapped = SealingKeyWrapper(SealingKey(KEY)).wrap(b"k" * 32, context=b"c")
        assert wrapper.unwrap(wrapped, context=b"c") == b"k" * 32

    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("/short", Code.STATE_DAMAGED),
            ("/other", Code.STATE_DAMAGED),
            ("/none", Code.STATE_DAMAGED),
            ("/refuses", Code.UNAVAILABLE),
            ("/moved", Code.UNAVAILABLE),
        ],
    )
    async def test_anything_else_is_refused(self, endpoint: str, path: str, code: Code) -> None:
        with pytest.raises(StrongroomError) as caught:
            await self._ask(f"{endpoint}{path}")
        assert caught.value.code is code
        assert TEXT[:-8] not in str(caught.value)

    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("http://127.0.0.1:1/", Code.UNAVAILABLE),
            ("http://kms.example/decrypt", Code.CONFIG_INVALID),
            ("ftp://127.0.0.1/", Code.CONFIG_INVALID),
            ("", Code.CONFIG_INVALID),
        ],
    )
    async def test_an_endpoint_that_is_not_there_or_not_private_is_refused(self, url: str, code: Code) -> None:
        with pytest.raises(StrongroomError) as caught:
            await self._ask(url)
        assert caught.value.code is code

    def test_a_key_as_a_setting_is_32_bytes_in_base64(self) -> None:
        assert wrapper_from_text(TEXT).kind == "environment"
        for text in ("", TEXT[:-4], f"{TEXT[:-1]}!", "not base64"):
            with pytest.raises(StrongroomError) as caught:
                wrapper_from_text(text)
            assert caught.value.code is Code.STATE_DAMAGED
