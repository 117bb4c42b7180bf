import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.fixtures.logs import listening

SECRET = "hunter2"
PEM = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    with listening("platform") as stream:
        yield stream


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_line_says_who_and_under_which_attestor(out: io.StringIO) -> None:
    structlog.stdlib.get_logger("x").info("hello", count=1)
    logging.getLogger("library").warning("careful: %s", 2)
    for line, event in zip(lines(out), ("hello", "careful: 2"), strict=True):
        assert (line["event"], line["service"], line["environment"]) == (event, "platform", "sandbox")
        assert line["attestor"] == "software"
        assert str(line["at"]).endswith("Z")


@pytest.mark.parametrize(
    "fields",
    [
        {"secret": SECRET},
        {"api_token": SECRET},
        {"pem": SECRET},
        {"privateKey": SECRET},
        {"Password": SECRET},
        {"authorization": [SECRET]},
        {"request": {"headers": {"Authorization": SECRET}}},
        {"parts": [{"passphrase": SECRET}]},
        {"text": f"loaded {PEM}"},
        {"url": f"postgresql://owner:{SECRET}@127.0.0.1/x"},
        {"header": "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.hunter2"},
        {"raw": SECRET.encode()},
    ],
)
def test_secrets_do_not_reach_the_log(out: io.StringIO, fields: dict[str, object]) -> None:
    structlog.stdlib.get_logger("x").error("oops", **fields)
    (line,) = lines(out)
    assert line["event"] == "oops"
    assert SECRET not in out.getvalue()


def test_secrets_in_an_exception_or_a_librarys_message_do_not_reach_the_log(out: io.StringIO) -> None:
    try:
        int(PEM)
    except ValueError:
        structlog.stdlib.get_logger("x").exception("failed")
    logging.getLogger("library").error("key: %s", PEM)
    assert "ValueError" in str(lines(out)[0]["exception"])
    assert SECRET not in out.getvalue()


def test_what_is_no_secret_stays(out: io.StringIO) -> None:
    structlog.stdlib.get_logger("x").info("paid", to="0xabc", at=[1, "two"], url="http://127.0.0.1:8545/x")
    (line,) = lines(out)
    assert (line["to"], line["url"]) == ("0xabc", "http://127.0.0.1:8545/x")


def test_a_level_below_is_not_written(out: io.StringIO) -> None:
    structlog.stdlib.get_logger("x").debug("noise")
    assert out.getvalue() == ""


def test_a_grpc_server_that_is_freed_is_not_logged_for_the_record_would_outlive_it() -> None:
    with listening("platform", level="DEBUG"):
        assert logging.getLogger("library").isEnabledFor(logging.DEBUG)
        assert not logging.getLogger("grpc._cython.cygrpc").isEnabledFor(logging.DEBUG)
