"""What every implementation of the port ``KeyWrapper`` does: subclass, and make one with the fixture ``wrapper``."""

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.kms import KeyWrapper

KEY = bytes(range(32))


class KeyWrapperSuite:
    """The suite."""

    kind: str

    @pytest.fixture
    def wrapper(self) -> KeyWrapper:
        raise AssertionError("an implementation overrides this fixture")

    def test_a_wrapped_key_opens_for_its_context(self, wrapper: KeyWrapper) -> None:
        wrapped = wrapper.wrap(KEY, context=b"here")
        assert len(wrapped) == len(KEY) + 28
        assert KEY not in wrapped
        assert wrapper.unwrap(wrapped, context=b"here") == KEY
        assert wrapper.wrap(KEY, context=b"here") != wrapped

    def test_one_that_was_changed_moved_or_cut_does_not(self, wrapper: KeyWrapper) -> None:
        wrapped = wrapper.wrap(KEY, context=b"here")
        changed = bytes([wrapped[0] ^ 1]) + wrapped[1:]
        for damaged, context in (
            (wrapped, b"there"),
            (changed, b"here"),
            (wrapped[:-1], b"here"),
            (wrapped[:12], b"here"),
            (b"", b"here"),
        ):
            with pytest.raises(StrongroomError) as caught:
                wrapper.unwrap(damaged, context=context)
            assert caught.value.code is Code.STATE_DAMAGED

    def test_it_says_what_protects_the_key(self, wrapper: KeyWrapper) -> None:
        assert wrapper.kind == self.kind
