"""What a rule is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.tidy.source import Source


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One house rule.

    `covers` chooses the files, `find` gives (line, what is wrong) for each place. `refused` and `allowed` are examples
    (path, text): the rule must complain about each of the first and about none of the second.
    """

    name: str
    covers: Callable[[Source], bool]
    find: Callable[[Source], Iterable[tuple[int, str]]]
    refused: tuple[tuple[str, str], ...]
    allowed: tuple[tuple[str, str], ...]

    def check(self, source: Source) -> Iterator[str]:
        """Every complaint about one file, as `path:line: rule: what is wrong`."""
        if self.covers(source):
            yield from (f"{source.path}:{line}: {self.name}: {what}" for line, what in self.find(source))
