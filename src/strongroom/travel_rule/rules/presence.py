"""Which fields of a rule an IVMS101 payload has."""

from collections.abc import Iterator

from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.rules.book import Field


def fields_in(payload: model.Payload) -> frozenset[Field]:
    """The fields that every customer on its side has: what one of several lacks is missing.

    A company's representative is no customer: beside a legal person, natural persons are not asked. IVMS101 has one
    element for an account and for an address on a ledger, so an account number counts as either.
    """
    found: set[Field] = set()
    for side, party in (("originator", payload.originator), ("beneficiary", payload.beneficiary)):
        legal = [person.legal_person for person in party.persons if person.legal_person is not None]
        natural = [person.natural_person for person in party.persons if person.natural_person is not None]
        customers = [set(_of_legal(each)) for each in legal] or [set(_of_natural(each)) for each in natural]
        names = set[str].intersection(*customers) if customers else set[str]()
        names |= {"account", "dlt_address"} if party.accounts else set()
        names |= {"legal_person"} if legal else set()
        found |= {Field(f"{side}.{name}") for name in names}
    return frozenset(found)


def _of_natural(natural: model.NaturalPerson) -> Iterator[str]:
    if natural.name.name_identifier:
        yield "name"
    if natural.geographic_address:
        yield "address"
    if natural.national_identification is not None:
        yield "document"
    if natural.customer_identification is not None:
        yield "customer_id"
    if natural.date_and_place_of_birth is not None:
        yield "birth"


def _of_legal(legal: model.LegalPerson) -> Iterator[str]:
    if legal.name.name_identifier:
        yield "name"
    if legal.geographic_address:
        yield "address"
    if legal.customer_identification is not None:
        yield "customer_id"
    if (identity := legal.national_identification) is not None:
        yield "document"
        if identity.national_identifier_type == "LEIX":
            yield "lei"
