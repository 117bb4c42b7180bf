"""Travel addresses and LNURLs: the published ones, any other, and none that is mistyped."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.trp.address import (
    check_url,
    decode_lnurl,
    decode_travel_address,
    encode_lnurl,
    encode_travel_address,
    read_address,
)
from tools.generators import ROOT

VECTORS: Any = json.loads((ROOT / "tests/data/trp/travel_addresses.json").read_bytes())
# The sample of LUD-01, "LNURL: Base encoding and decoding".
LNURL = (
    "LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EKVCENXC6R2C35XVUKXEFCV5MKVV34X5EKZD3EV56NYD3HXQURZEPEXEJXXEPNXSCRVW"
    "FNV9NXZCN9XQ6XYEFHVGCXXCMYXYMNSERXFQ5FNS"
)
OF_LNURL = "https://service.com/api?q=3fc3645b439ce8e7f2553a69e5267081d96dcd340693afabe04be7b0ccd178df"


@pytest.mark.parametrize("case", VECTORS["encode"], ids=lambda case: case["url"])
def test_published_encodings(case: dict[str, str]) -> None:
    assert encode_travel_address(case["url"]) == case["travel_address"]


@pytest.mark.parametrize("case", VECTORS["decode"], ids=lambda case: case["url"])
def test_published_decodings(case: dict[str, str]) -> None:
    assert decode_travel_address(case["travel_address"]) == case["url"]
    assert read_address(case["travel_address"]) == case["url"]


def test_the_published_lnurl() -> None:
    assert decode_lnurl(LNURL) == decode_lnurl(LNURL.lower()) == read_address(LNURL) == OF_LNURL
    assert encode_lnurl(OF_LNURL).upper() == LNURL


WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)


@st.composite
def urls(draw: st.DrawFn) -> str:
    host = ".".join(draw(st.lists(WORDS, min_size=1, max_size=4))) + draw(st.sampled_from(("", ":4443")))
    path = "".join(f"/{word}" for word in draw(st.lists(WORDS, max_size=4)))
    names = draw(st.lists(WORDS.filter(lambda name: name != "t"), max_size=4))
    pairs = [f"{name}={draw(WORDS)}" for name in names]
    return f"https://{host}{path}" + ("?" + "&".join(pairs) if pairs else "")


URLS = urls()


@given(URLS)
@settings(max_examples=100, deadline=None)
def test_any_url_comes_back_with_its_tag(url: str) -> None:
    decoded = decode_travel_address(encode_travel_address(url))
    query = decoded.partition("?")[2].split("&")
    assert decoded.partition("?")[0] == url.partition("?")[0]
    assert sorted(query) == sorted([*url.partition("?")[2].split("&"), "t=i"]) or query == ["t=i"]
    assert [pair.partition("=")[0] for pair in query] == sorted(pair.partition("=")[0] for pair in query)
    assert encode_travel_address(decoded) == encode_travel_address(url)
    assert decode_lnurl(encode_lnurl(url)) == url


@given(URLS, st.integers(0, 10**6), st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"))
@settings(max_examples=100, deadline=None)
def test_a_mistyped_sign_is_noticed(url: str, at: int, sign: str) -> None:
    address = encode_travel_address(url)
    at = 2 + at % (len(address) - 2)
    if address[at] == sign:
        return
    with pytest.raises(StrongroomError) as refusal:
        decode_travel_address(address[:at] + sign + address[at + 1 :])
    assert refusal.value.code is Code.ADDRESS_INVALID


@given(URLS, st.integers(0, 10**6), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
@settings(max_examples=100, deadline=None)
def test_a_mistyped_lnurl_is_noticed(url: str, at: int, sign: str) -> None:
    text = encode_lnurl(url)
    at = 6 + at % (len(text) - 6)
    if text[at] == sign:
        return
    with pytest.raises(StrongroomError):
        decode_lnurl(text[:at] + sign + text[at + 1 :])


GOOD = VECTORS["decode"][0]["travel_address"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "ta", "ta1", "ta0OIl", GOOD[:-1], GOOD[1:], GOOD + "1", f" {GOOD}", GOOD.upper(), "ta" + "1" * 3000),
        *("lnurl1", "lnurl1qqqqqq", LNURL[:-1], LNURL.lower()[:20] + LNURL[20:], "lnurl1" + "b" * 20),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(StrongroomError) as refusal:
        read_address(text)
    assert refusal.value.code is Code.ADDRESS_INVALID


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(StrongroomError):
        read_address(text)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/x",
        "ftp://a.example/x",
        "https://",
        "https:///x",
        "https://user@a.example/",
        "https://user:pass@a.example/",
        "https://a.example/#part",
        "https://a.example/ x",
        "https://a.example:99999/",
        "https://a.example:0/",
        "https://[::1/",
        "https://ä.example/",
        "https://a.example/\r\nhost: b",
        "https://a.example/" + "x" * 2000,
        "file:///etc/passwd",
    ],
)
def test_trp_is_spoken_over_https_alone(url: str) -> None:
    with pytest.raises(StrongroomError) as refusal:
        check_url(url)
    assert refusal.value.code is Code.ADDRESS_INVALID


@pytest.mark.parametrize("url", ["https://user@a.example/x", "https://a.example/#x", "", "https://a b/"])
def test_no_address_is_made_of_such_a_url(url: str) -> None:
    with pytest.raises(StrongroomError):
        encode_travel_address(url)
