import pytest
import rlp as independent
from hypothesis import given
from hypothesis import strategies as st

from strongroom.chains.evm import rlp
from strongroom.kernel.errors import Code, StrongroomError


def extend(inner: st.SearchStrategy[rlp.Item]) -> st.SearchStrategy[rlp.Item]:
    return st.lists(inner, max_size=5).map(tuple)


items: st.SearchStrategy[rlp.Item] = st.recursive(st.binary(max_size=70), extend, max_leaves=12).filter(
    lambda item: depth(item) <= 8
)


def depth(item: rlp.Item) -> int:
    return 0 if isinstance(item, bytes) else 1 + max(map(depth, item), default=0)


@given(items)
def test_an_independent_library_agrees(item: rlp.Item) -> None:
    encoded = rlp.encode(item)
    assert encoded == independent.encode(item)  # pyright: ignore[reportUnknownMemberType]
    assert rlp.decode(encoded) == item


@given(st.binary(max_size=300))
def test_whatever_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    item, code = None, None
    try:
        item = rlp.decode(data)
    except StrongroomError as error:
        code = error.code
    assert code is Code.REQUEST_INVALID if item is None else rlp.encode(item) == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8100",
        "817f",
        "b800",
        "b837",
        "b90001",
        "b8",
        "bf",
        "c1",
        "c0c0",
        "83aabb",
        "c283aabb",
        "f800",
        "ff",
        "c1" * 9 + "80",
    ],
)
def test_what_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(StrongroomError):
        rlp.decode(bytes.fromhex(text))


def test_deep_nesting_is_refused() -> None:
    data = b"\xc0"
    for _ in range(40):
        data = bytes((0xC0 + len(data),)) + data
    with pytest.raises(StrongroomError, match="nested too deep"):
        rlp.decode(data)


def test_integers_have_no_leading_zeros() -> None:
    assert rlp.encode_integer(0) == b""
    assert rlp.decode_integer(rlp.encode_integer(2**255)) == 2**255
    for wrong in (b"\0", b"\0\1", ()):
        with pytest.raises(StrongroomError):
            rlp.decode_integer(wrong)
