"""One payload in either edition: which elements stand where only the other edition has them, and moving them.

2020 has ``originatorPersons`` with the accounts beside them and ``nameIdentifierType``; 2023 has ``originatorPerson``
whose persons have the accounts, ``naturalPersonNameIdentifierType`` and ``payloadVersion`` (6, 5.2.1, 5.2.4).
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

import msgspec

from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.plan import children_of

E = TypeVar("E", bound=model.Element)
Party = model.Originator | model.Beneficiary
_FOREIGN: Mapping[Edition, Mapping[type[model.Element], tuple[str, ...]]] = {
    edition: {
        cls: tuple(attribute for (owner, attribute), home in model.EDITIONS.items() if owner is cls and home != edition)
        for cls, _ in model.EDITIONS
    }
    for edition in Edition
}
_replace = msgspec.structs.replace


def misplaced(elements: Sequence[model.Element], edition: Edition) -> list[tuple[model.Element, str]]:
    """Every component and attribute that this edition does not have."""
    foreign = _FOREIGN[edition]
    return [
        (element, attribute)
        for element in elements
        if (attributes := foreign.get(type(element)))
        for attribute in attributes
        if getattr(element, attribute)
    ]


def edition_shown(elements: Sequence[model.Element]) -> Edition:
    """The edition that a payload, or a part of one, says it is or shows by its names; 2020 if nothing shows it."""
    for element in elements:
        if isinstance(element, model.PayloadMetadata) and element.payload_version is not None:
            return Edition.V2023 if element.payload_version == "101.2023" else Edition.V2020
    of_2020, of_2023 = misplaced(elements, Edition.V2023), misplaced(elements, Edition.V2020)
    is_2023_by_persons = any(
        isinstance(element, model.Originator | model.Beneficiary) and _new_persons(element) for element in elements
    )
    return Edition.V2023 if is_2023_by_persons or bool(of_2023 and not of_2020) else Edition.V2020


def settle(element: E, edition: Edition) -> E:
    """The same component in the elements of one edition. What it cannot hold is lost: see ``lost_in``."""
    settled = _inside(element, edition)
    match element:
        case model.NaturalPersonNameID():
            return cast("E", _name(element, edition))
        case model.Originator() | model.Beneficiary():
            return cast("E", _party(element, cast("Party", settled), edition))
        case model.Person() if edition is Edition.V2020:
            return _replace(settled, account_number=())
        case model.Payload():
            return cast("E", _versioned(cast("model.Payload", settled), edition))
        case model.PayloadMetadata():
            version = "101.2023" if edition is Edition.V2023 else None
            return _replace(settled, payload_version=version)
        case _:
            return settled


def lost_in(payload: model.Payload, edition: Edition) -> list[str]:
    """What a payload says that the edition has no element for, in words."""
    if edition is Edition.V2023:
        return []
    lost: list[str] = []
    for name, party in (("originator", payload.originator), ("beneficiary", payload.beneficiary)):
        if any(person.account_number for person in party.persons[1:]):
            lost.append(f"Which person of the {name} has which account: 2020 lists accounts beside the persons.")
    customers = (*payload.originator.persons, *payload.beneficiary.persons)
    others = (person for person in model.persons_of(payload) if not any(person is each for each in customers))
    if any(person.account_number for person in others):
        lost.append("Account numbers of providers: 2020 has none.")
    return lost


def _inside(element: E, edition: Edition) -> E:
    changes: dict[str, object] = {}
    for attribute, is_array in children_of(type(element)):
        value = getattr(element, attribute)
        if is_array and value:
            changes[attribute] = tuple(settle(each, edition) for each in value)
        elif value and not is_array:
            changes[attribute] = settle(value, edition)
    return _replace(element, **changes) if changes else element


def _name(name: model.NaturalPersonNameID, edition: Edition) -> model.NaturalPersonNameID:
    old, new = (name.code, None) if edition is Edition.V2020 else (None, name.code)
    return _replace(name, name_identifier_type=old, natural_person_name_identifier_type=new)


def _party(before: Party, settled: Party, edition: Edition) -> Party:
    """The persons under the edition's name, and each account where the edition has it."""
    persons = settled.persons
    if edition is Edition.V2020:
        accounts = before.accounts
    else:
        held = {account for person in persons for account in person.account_number}
        loose = tuple(account for account in before.account_number if account not in held)
        if persons and loose:
            first = _replace(persons[0], account_number=(*loose, *persons[0].account_number))
            persons, loose = (first, *persons[1:]), ()
        accounts = loose
    old, new = (persons, ()) if edition is Edition.V2020 else ((), persons)
    if isinstance(settled, model.Originator):
        return _replace(settled, originator_persons=old, originator_person=new, account_number=accounts)
    return _replace(settled, beneficiary_persons=old, beneficiary_person=new, account_number=accounts)


def _versioned(payload: model.Payload, edition: Edition) -> model.Payload:
    metadata = payload.payload_metadata
    if edition is Edition.V2023 and metadata is None:
        return _replace(payload, payload_metadata=model.PayloadMetadata(payload_version="101.2023"))
    if edition is Edition.V2020 and metadata is not None and not metadata.transliteration_method:
        return _replace(payload, payload_metadata=None)
    return payload


def _new_persons(party: Party) -> tuple[model.Person, ...]:
    return party.originator_person if isinstance(party, model.Originator) else party.beneficiary_person
