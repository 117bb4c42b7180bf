"""What the manager keeps of its peers' answers is bounded."""

from strongroom.runtime.recent import Recent


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    kept: Recent[str, int] = Recent(2)
    assert kept.keep("a", 1) == 1
    kept.keep("b", 2)
    assert kept.find("a") == 1
    kept.keep("c", 3)
    assert [kept.find(key) for key in "abc"] == [1, None, 3]


def test_an_answer_that_is_kept_again_takes_no_second_place() -> None:
    kept: Recent[str, int] = Recent(2)
    for value in range(5):
        kept.keep("a", value)
    kept.keep("b", 9)
    assert [kept.find(key) for key in "ab"] == [4, 9]
