"""The findings about one payload as they are collected, and where in the input each component was read."""

from strongroom.travel_rule.ivms101.findings import Constraint, Finding
from strongroom.travel_rule.ivms101.model import Element
from strongroom.travel_rule.ivms101.plan import slots_of

MAX_FINDINGS = 500
"""Of each kind: a payload of 256 KiB could earn a hundred thousand, and nobody reads them."""


class Report:
    """Collects findings. A message never repeats a value of the payload: findings are logged, persons' data are not."""

    def __init__(self) -> None:
        self.violations: list[Finding] = []
        self.warnings: list[Finding] = []
        self._places: dict[int, tuple[Element, str, dict[str, str]]] = {}

    def violate(self, constraint: Constraint, path: str, message: str) -> None:
        """Note what breaks the standard."""
        if len(self.violations) < MAX_FINDINGS:
            self.violations.append(Finding(code=constraint, path=path, message=message))

    def warn(self, code: str, path: str, message: str) -> None:
        """Note what was read otherwise than it was written, or is doubtful."""
        if len(self.warnings) < MAX_FINDINGS:
            self.warnings.append(Finding(code=code, path=path, message=message))

    def place(self, element: Element, path: str, names: dict[str, str]) -> None:
        """Remember where a component was read, and how the input spells its elements, by attribute."""
        self._places[id(element)] = (element, path, names)

    def where(self, element: Element, attribute: str = "") -> str | None:
        """The path of a component or of one of its elements; None for a component that the input does not have."""
        found = self._places.get(id(element))
        if found is None:
            return None
        _, path, names = found
        if not attribute:
            return path
        default = next(slot.name for slot in slots_of(type(element)).values() if slot.attribute == attribute)
        return f"{path}.{names.get(attribute, default)}"
