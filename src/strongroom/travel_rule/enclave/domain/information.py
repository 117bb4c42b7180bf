"""What one provider needs to know of a customer, as the network's field codes, and what of it is there.

The network publishes six codes and says that there are more (travel_rule.md 1.2); the others here are ours. A company
has no person's data of its own, so its datum also counts for the NATURAL_PERSON code of the same name.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Context, Decimal

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.verifications import AssetInfo, Linked
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.rules.book import Book, Clause, Field
from strongroom.travel_rule.rules.evaluate import EarlierTransfer, FiatValue, Requirement, Transfer, evaluate, value_in
from strongroom.travel_rule.rules.presence import fields_in

ACCOUNT_NUMBER = "ACCOUNT_NUMBER"
_NATURAL, _LEGAL = "NATURAL_PERSON_", "LEGAL_PERSON_"
_CODE = re.compile(r"[A-Z][A-Z_]{1,63}")
_CODES_MAX = 32
_PRICED = Context(prec=400)
_DATA = {
    "name": "NAME",
    "address": "GEOGRAPHIC_ADDRESS",
    "document": "NATIONAL_IDENTIFICATION",
    "customer_id": "CUSTOMER_IDENTIFICATION",
    "birth": "DATE_AND_PLACE_OF_BIRTH",
    "lei": "LEI",
}


def parse_codes(text: str) -> tuple[str, ...]:
    """The codes of a comma list, each once; those that this version does not know too.

    Raises:
        StrongroomError: ``INVALID_FORMAT``.
    """
    codes = tuple(dict.fromkeys(code.strip() for code in text.split(",")))
    if len(codes) > _CODES_MAX or not all(_CODE.fullmatch(code) for code in codes):
        raise StrongroomError(Code.INVALID_FORMAT, "requiredBeneficiaryInfo is a comma list of field codes.")
    return codes


def unavailable_codes(wanted: tuple[str, ...], party: model.Beneficiary) -> tuple[str, ...]:
    """Which of the codes that this version knows a beneficiary's data leaves unanswered."""
    present = frozenset(_codes_of(party))
    return tuple(code for code in wanted if code in _KNOWN and code not in present)


def linked_since(*, book: Book, asset: AssetInfo, asked_at: datetime) -> datetime | None:
    """From when on earlier transfers may count with this one; None where it is above all by itself."""
    if not _values(asset, asked_at):
        return None
    return asked_at - timedelta(hours=max(rule.row.linked_hours for rule in book.rules))


def lacking_codes(
    *,
    book: Book,
    originating: str,
    beneficiary: str,
    asset: AssetInfo,
    payload: model.Payload,
    asked_at: datetime,
    linked: Sequence[Linked] = (),
) -> tuple[str, ...]:
    """Field codes that the rules of the two jurisdictions ask for and the payload has not.

    Of several ways to satisfy a clause, the one that needs least is named. Codes of the beneficiary's own data begin
    with ``BENEFICIARY_``.

    Args:
        book: the rules.
        originating: jurisdiction of the originator's provider.
        beneficiary: of the beneficiary's.
        asset: what is transferred.
        payload: who to whom.
        asked_at: its day decides which rules hold.
        linked: what went between the same parties before, and counts with it as far as each rule says.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` if no rule holds that day, ``AMOUNT_INVALID``.
    """
    transfer = Transfer(
        originating=originating,
        beneficiary=beneficiary,
        asked_at=asked_at,
        values=_values(asset, asked_at),
        earlier=tuple(EarlierTransfer(at=each.created_at, values=_worth(each, each.created_at)) for each in linked),
    )
    present = fields_in(payload)
    missing = evaluate(book, transfer).missing(present)
    return tuple(dict.fromkeys(code for each in missing for code in _codes_for(each, present)))


def _values(asset: AssetInfo, asked_at: datetime) -> tuple[FiatValue, ...]:
    """The value at the originator's price; none where it is said to be above: then it is above anywhere."""
    return () if asset.is_exceeding_threshold else _worth(asset, asked_at)


def _worth(asset: AssetInfo | Linked, asked_at: datetime) -> tuple[FiatValue, ...]:
    if asset.trade_price is None or asset.trade_currency is None:
        return ()
    total = _PRICED.multiply(Decimal(asset.amount), Decimal(asset.trade_price))
    return value_in(total, asset.trade_currency, prices=(), at=asset.trade_at or asked_at)


def _codes_for(requirement: Requirement, present: frozenset[Field]) -> Iterator[str]:
    kind = _LEGAL if Field.ORIGINATOR_LEGAL_PERSON in present else _NATURAL
    for field in sorted(_least(requirement.clause, present)):
        side, _, name = field.value.partition(".")
        code = ACCOUNT_NUMBER if name in {"account", "dlt_address"} else kind + _DATA[name]
        yield f"BENEFICIARY_{code}" if side == "beneficiary" else code


def _least(clause: Clause, present: frozenset[Field]) -> frozenset[Field]:
    """The fewest fields that would satisfy a clause; what kind of person somebody is cannot be supplied."""
    kinds = {Field.ORIGINATOR_LEGAL_PERSON, Field.BENEFICIARY_LEGAL_PERSON}
    ways = [fields - present for fields in clause.alternatives if not fields & kinds]
    return min(ways, key=len)


def _codes_of(party: model.Beneficiary) -> Iterator[str]:
    if party.accounts:
        yield ACCOUNT_NUMBER
    for person in party.persons:
        if (natural := person.natural_person) is not None:
            yield from (_NATURAL + datum for datum in _natural_data(natural))
            if natural.name.local_name_identifier:
                yield f"LOCAL_{_NATURAL}NAME"
        if (legal := person.legal_person) is not None:
            yield from (kind + datum for datum in _legal_data(legal) for kind in (_LEGAL, _NATURAL))
            if legal.name.local_name_identifier:
                yield f"LOCAL_{_NATURAL}NAME"


def _natural_data(natural: model.NaturalPerson) -> Iterator[str]:
    yield "NAME"
    if natural.geographic_address:
        yield "GEOGRAPHIC_ADDRESS"
    if natural.national_identification is not None:
        yield "NATIONAL_IDENTIFICATION"
        yield "NATIONALITY"  # IVMS101 has no element of that name; the country of issue stands nearest
    if natural.customer_identification is not None:
        yield "CUSTOMER_IDENTIFICATION"
    if natural.date_and_place_of_birth is not None:
        yield "DATE_AND_PLACE_OF_BIRTH"


def _legal_data(legal: model.LegalPerson) -> Iterator[str]:
    yield "NAME"
    yield "DATE_AND_PLACE_OF_BIRTH"  # a company has none to give, and is not refused for it
    if legal.geographic_address:
        yield "GEOGRAPHIC_ADDRESS"
    if legal.customer_identification is not None:
        yield "CUSTOMER_IDENTIFICATION"
    if legal.national_identification is not None:
        yield "NATIONAL_IDENTIFICATION"
    if legal.country_of_registration is not None:
        yield "NATIONALITY"


_KNOWN = frozenset(
    {
        ACCOUNT_NUMBER,
        f"LOCAL_{_NATURAL}NAME",
        f"{_NATURAL}NATIONALITY",
        *(kind + datum for kind in (_NATURAL, _LEGAL) for name, datum in _DATA.items() if name != "lei"),
    }
)
