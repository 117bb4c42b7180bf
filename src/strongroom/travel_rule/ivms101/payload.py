"""The door for IVMS101: bytes in, a checked payload out, and the other way.

Most payloads come in the standard's own spelling and break nothing. For them one typed decode and the constraints
suffice; anything else is read again by ``reader``, which finds every fault. A test holds both to the same verdict.
"""

import json
from decimal import Decimal
from typing import Generic, TypeVar, cast

import msgspec

from strongroom.kernel.documents.request import check_depth
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.constraints import Demands, faults_of
from strongroom.travel_rule.ivms101.editions import edition_shown, misplaced, settle
from strongroom.travel_rule.ivms101.findings import Constraint, Edition, Finding, Profile
from strongroom.travel_rule.ivms101.plan import elements_of
from strongroom.travel_rule.ivms101.reader import DIALECT, Reader
from strongroom.travel_rule.ivms101.report import Report

MAX_PAYLOAD_BYTES = 256 * 1024
_NOT_LATIN = bytes(range(0x7F, 0x100))
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(model.Payload)
_LOCAL = (model.LocalNaturalPersonNameID, model.LocalLegalPersonNameID)
E = TypeVar("E", bound=model.Element)


class Reading(msgspec.Struct, Generic[E], frozen=True, kw_only=True):
    """What was read. ``element`` is there whenever the input is an object; trust it only if ``is_valid``."""

    element: E | None
    edition: Edition
    violations: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def is_valid(self) -> bool:
        """Whether nothing breaks the standard or the profile."""
        return self.element is not None and not self.violations


def read_payload(body: bytes, demands: Demands) -> Reading[model.Payload]:
    """A whole payload, in any dialect of ``aliases``; never raises for what is in ``body``."""
    return _read_canonical(body, demands) or read_part(body, model.Payload, demands)


def parse_payload(body: bytes, demands: Demands) -> model.Payload:
    """A payload that breaks nothing.

    Raises:
        StrongroomError: ``REQUEST_INVALID``, naming the first constraint broken and its path.
    """
    reading = read_payload(body, demands)
    if reading.element is None or reading.violations:
        first = reading.violations[0]
        raise StrongroomError(Code.REQUEST_INVALID, f"{first.code} at {first.path}: {first.message}")
    return reading.element


def read_part(body: bytes, part: type[E], demands: Demands) -> Reading[E]:
    """One component on its own, as an address check carries a beneficiary alone."""
    report = Report()
    try:
        value = _json(body)
    except StrongroomError as error:
        report.violate(Constraint.JSON, "$", error.detail)
        value = None
    if not isinstance(value, dict | list):
        if not report.violations:
            report.violate(Constraint.TYPE, "$", "This is an object.")
        return _reading(None, demands.edition or Edition.V2020, report)
    root = cast("E", Reader(report, demands.profile).component(part, cast("object", value), "$"))
    elements = elements_of(root)
    edition = edition_shown(elements)
    _note_edition(elements, edition, demands.edition, report)
    _note_faults(elements, demands, report)
    return _reading(settle(root, edition), edition, report)


def write_element(element: model.Element, edition: Edition) -> bytes:
    """JSON of a component in one edition, without spaces; what that edition cannot hold is left out."""
    return _ENCODER.encode(settle(element, edition))


def _read_canonical(body: bytes, demands: Demands) -> Reading[model.Payload] | None:
    """A payload of the standard's own spelling that breaks nothing; None leaves it to the reader.

    Decoding by type refuses an unknown name before what follows it, so nesting is bounded by the model. Without escapes
    the quotes are the strings: a name given twice shows as quotes that the decoded payload does not have.
    """
    if len(body) > MAX_PAYLOAD_BYTES or b"\\" in body:
        return None
    try:
        payload = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    elements = elements_of(payload)
    edition = model.edition_of(payload)
    if (
        _ENCODER.encode(payload).count(b'"') != body.count(b'"')
        or (demands.edition or edition) != edition
        or not _is_latin(body, elements, demands.profile)
        or misplaced(elements, edition)
        or faults_of(elements, demands)
    ):
        return None
    return Reading(element=payload, edition=edition, violations=(), warnings=())


def _is_latin(body: bytes, elements: list[model.Element], profile: Profile) -> bool:
    """Whether every byte beyond printable ASCII stands in a local name: then all other texts are in their script."""
    if body.isascii() and b"\x7f" not in body:
        return True
    if profile.hangul_names:
        return False
    beyond = len(body) - len(body.translate(None, _NOT_LATIN))
    for element in elements:
        if isinstance(element, _LOCAL):
            beyond -= sum(_count_beyond(text) for text in msgspec.structs.astuple(element))
    return beyond == 0


def _count_beyond(text: str | None) -> int:
    raw = (text or "").encode()
    return len(raw) - len(raw.translate(None, _NOT_LATIN))


def _json(body: bytes) -> object:
    """Any JSON value, after its size and depth.

    Raises:
        StrongroomError: ``REQUEST_INVALID``.
    """
    if len(body) > MAX_PAYLOAD_BYTES:
        raise StrongroomError(Code.REQUEST_INVALID, "The payload exceeds 256 KiB.")
    check_depth(body)
    try:
        msgspec.json.decode(body)  # refuses what the standard library lets pass: lone surrogates, NaN
        return json.loads(body, parse_float=Decimal, object_pairs_hook=_unique)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise StrongroomError(Code.REQUEST_INVALID, "Not JSON in UTF-8 with distinct names.") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate name")
    return fields


def _note_edition(elements: list[model.Element], shown: Edition, wanted: Edition | None, report: Report) -> None:
    if wanted is not None and wanted is not shown:
        report.violate(Constraint.EDITION, "$", f"This is edition {shown}, not {wanted}.")
    for element, attribute in misplaced(elements, shown):
        if (path := report.where(element, attribute)) is not None:
            report.warn(DIALECT, path, f"Edition {shown} has no such element; it is read all the same.")


def _note_faults(elements: list[model.Element], demands: Demands, report: Report) -> None:
    for fault in faults_of(elements, demands):
        path = report.where(fault.element, fault.attribute)
        if path is None:
            continue  # a placeholder, whose absence is noted already
        if fault.constraint is None:
            report.warn(fault.code, path, fault.message)
        else:
            report.violate(fault.constraint, path, fault.message)


def _reading(element: E | None, edition: Edition, report: Report) -> Reading[E]:
    violations, warnings = tuple(report.violations), tuple(report.warnings)
    return Reading(element=element, edition=edition, violations=violations, warnings=warnings)
