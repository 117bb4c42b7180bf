"""Answers that are kept because they never change, and only so many of them, whoever chooses what is asked."""

from collections import OrderedDict
from typing import Generic, TypeVar, final

K = TypeVar("K")
V = TypeVar("V")


@final
class Recent(Generic[K, V]):
    """So many answers, those used longest ago forgotten first."""

    def __init__(self, kept: int) -> None:
        self._max = kept
        self._kept: OrderedDict[K, V] = OrderedDict()

    def find(self, key: K) -> V | None:
        """The answer, if it is kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: K, value: V) -> V:
        """Keep an answer, and give it back."""
        self._kept[key] = value
        if len(self._kept) > self._max:
            self._kept.popitem(last=False)
        return value
