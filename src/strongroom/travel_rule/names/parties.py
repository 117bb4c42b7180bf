"""The names of an IVMS101 person against the names that a provider holds, and names of which neither kind is known."""

from collections.abc import Iterator, Sequence
from itertools import product

from strongroom.travel_rule.ivms101.model import LegalPersonName, NaturalPersonName, Person
from strongroom.travel_rule.names.companies import compare_companies, has_legal_form
from strongroom.travel_rule.names.persons import compare_persons
from strongroom.travel_rule.names.verdict import Comparison, Reason, best, unmatched


def compare(left: str, right: str) -> Comparison:
    """Two names as free text: companies' if either has a legal form, else persons'."""
    if has_legal_form(left) or has_legal_form(right):
        return compare_companies(left, right)
    return compare_persons(left, right)


def compare_person(person: Person, *, held: Sequence[str]) -> Comparison:
    """The best answer over all names of ``person``, in any script, and all names held for the customer.

    A primary identifier is a family name, and stands before the comma; but the order is not relied on.
    """
    if person.natural_person is not None:
        return best([compare_persons(a, b) for a, b in product(_natural(person.natural_person.name), held)])
    if person.legal_person is not None:
        return best([compare_companies(a, b) for a, b in product(_legal(person.legal_person.name), held)])
    return unmatched(Reason.EMPTY)


def _natural(name: NaturalPersonName) -> Iterator[str]:
    for each in (*name.name_identifier, *name.local_name_identifier, *name.phonetic_name_identifier):
        if each.secondary_identifier:
            yield f"{each.primary_identifier.replace(',', ' ')}, {each.secondary_identifier.replace(',', ' ')}"
        else:
            yield each.primary_identifier


def _legal(name: LegalPersonName) -> Iterator[str]:
    for each in (*name.name_identifier, *name.local_name_identifier, *name.phonetic_name_identifier):
        yield each.legal_person_name
