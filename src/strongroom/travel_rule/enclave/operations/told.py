"""What the beneficiary's side tells of the beneficiary and of itself, held to IVMS101."""

from dataclasses import dataclass, replace
from typing import TypeVar

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.verifications import Persons
from strongroom.travel_rule.enclave.operations.bodies import write_payload
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.store.cipher import PLAIN_MAX_BYTES
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.payload import read_part, read_payload, write_element

E = TypeVar("E", bound=model.Element)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Both components as they are kept, and the beneficiary as it was read; None for what was not told."""

    beneficiary: bytes | None
    beneficiary_vasp: bytes | None
    read: model.Beneficiary | None


def read_told(*, means: Means, asked: Persons, beneficiary: bytes | None, beneficiary_vasp: bytes | None) -> Told:
    """What was told about a verification that asked with these persons.

    Most of it fits the payload that was asked with, and is read with it in one go; else each component is read alone.

    Raises:
        StrongroomError: ``INVALID_FORMAT`` for a component that breaks the standard or fits no column.
    """
    if beneficiary is None and beneficiary_vasp is None:
        return Told(beneficiary=None, beneficiary_vasp=None, read=None)
    whole = replace(asked, beneficiary=beneficiary or asked.beneficiary, beneficiary_vasp=beneficiary_vasp)
    reading = read_payload(write_payload(whole), means.demands())
    if reading.element is not None and not reading.violations and not reading.warnings:
        party, own, edition = reading.element.beneficiary, reading.element.beneficiary_vasp, reading.edition
        return Told(
            beneficiary=None if beneficiary is None else _written(means, party, edition),
            beneficiary_vasp=None if own is None else _written(means, own, edition),
            read=None if beneficiary is None else party,
        )
    read, kept = _part(means, beneficiary, model.Beneficiary)
    _, kept_own = _part(means, beneficiary_vasp, model.BeneficiaryVASP)
    return Told(beneficiary=kept, beneficiary_vasp=kept_own, read=read)


def _part(means: Means, body: bytes | None, kind: type[E]) -> tuple[E | None, bytes | None]:
    if body is None:
        return None, None
    reading = read_part(body, kind, means.demands())
    if reading.element is None or reading.violations:
        first = reading.violations[0]
        raise StrongroomError(Code.INVALID_FORMAT, f"{kind.__name__} breaks {first.code} at {first.path}.")
    return reading.element, _written(means, reading.element, reading.edition)


def _written(means: Means, element: model.Element, edition: Edition) -> bytes:
    written = write_element(element, means.edition or edition)
    if len(written) > PLAIN_MAX_BYTES:
        raise StrongroomError(Code.INVALID_FORMAT, f"{type(element).__name__} is longer than can be kept.")
    return written
