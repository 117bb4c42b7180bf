"""Rules as data: days, thresholds, both ends, and what is refused."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.ivms101.codes import CountryCode
from strongroom.travel_rule.ivms101.payload import read_payload
from strongroom.travel_rule.rules.book import Field, own_book, parse_book, parse_clause
from strongroom.travel_rule.rules.evaluate import (
    EarlierTransfer,
    Evaluation,
    FiatValue,
    Price,
    Transfer,
    evaluate,
    value_in,
)
from strongroom.travel_rule.rules.presence import fields_in
from tests.travel_rule.ivms101.samples import DEMANDS, base, changed, dumps

BOOK = own_book()
TEXT = files("strongroom.travel_rule.rules").joinpath("jurisdictions.toml").read_text()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COUNTRIES: tuple[str, ...] = CountryCode.__args__  # type: ignore[attr-defined]


def fiat(amount: str, currency: str) -> FiatValue:
    return FiatValue(amount=Decimal(amount), currency=currency, source="test", fixed_at=NOW)


def judged(start: str, end: str, *values: FiatValue, at: datetime = NOW, **more: Any) -> Evaluation:
    return evaluate(BOOK, Transfer(originating=start, beneficiary=end, asked_at=at, values=values, **more))


@pytest.mark.parametrize(
    ("jurisdiction", "currency", "amount", "tier"),
    [
        ("SG", "SGD", "1499.99", "below"),
        ("SG", "SGD", "1500", "below"),
        ("SG", "SGD", "1500.000000000000000001", "above"),
        ("US", "USD", "2999.99", "below"),
        ("US", "USD", "3000", "above"),
        ("KR", "KRW", "999999", "below"),
        ("KR", "KRW", "1000000.0", "above"),
        ("HK", "HKD", "8000", "above"),
        ("AE-DU", "AED", "3500", "below"),
        ("AE-DU", "AED", "3501", "above"),
        ("CA", "CAD", "1000", "above"),
        ("DE", "EUR", "0", "above"),
        ("JP", "JPY", "0", "above"),
        ("CH", "CHF", "0", "above"),
        ("BR", "USD", "1000", "below"),
        ("BR", "USD", "1001", "above"),
    ],
)
def test_the_comparator_decides_at_the_threshold(jurisdiction: str, currency: str, amount: str, tier: str) -> None:
    duty = judged(jurisdiction, "DE", fiat(amount, currency)).duties[0]
    assert duty.tier == tier


@pytest.mark.parametrize(
    ("jurisdiction", "on", "rule"),
    [
        ("KR", date(2022, 3, 24), "FATF-2019"),
        ("KR", date(2022, 3, 25), "KR-2022"),
        ("KR", date(2024, 8, 6), "KR-2022"),
        ("KR", date(2024, 8, 7), "KR-2024"),
        ("KR", date(2027, 6, 1), "KR-2024"),
        ("FR", date(2024, 12, 29), "FATF-2019"),
        ("FR", date(2024, 12, 30), "EU-2024"),
        ("AU", date(2026, 3, 30), "FATF-2019"),
        ("AU", date(2026, 3, 31), "AU-2026"),
        ("BR", date(2030, 12, 31), "FATF-2019"),
        ("BR", date(2031, 1, 1), "FATF-2031"),
    ],
)
def test_the_day_decides_which_rule_holds(jurisdiction: str, on: date, rule: str) -> None:
    at = datetime(on.year, on.month, on.day, 23, 59, tzinfo=UTC)
    duty = judged(jurisdiction, "US", at=at).duties[0]
    assert duty.rule.row.id == rule
    assert duty.is_baseline is rule.startswith("FATF")


def test_inside_and_across_a_border() -> None:
    assert judged("GB", "GB", fiat("5000", "EUR")).duties[0].rule.row.id == "GB-2023-INLAND"
    assert judged("GB", "US", fiat("5000", "EUR")).duties[0].rule.row.id == "GB-2023-ABROAD"


def test_before_any_rule_nothing_is_let_through() -> None:
    with pytest.raises(StrongroomError) as raised:
        judged("US", "DE", at=datetime(2010, 1, 1, tzinfo=UTC))
    assert raised.value.code is Code.CONFIG_INVALID


def test_both_ends_are_asked_and_the_union_is_named() -> None:
    both = judged("KR", "SG", fiat("5000000", "KRW"), fiat("4900", "SGD"))
    asked = {each.clause.text: each.asked_by for each in both.requirements}
    assert asked["originator.name"] == ("KR-2024", "SG-2020")
    assert asked["originator.address | originator.document | originator.birth"] == ("SG-2020",)
    one_way, other_way = both, judged("SG", "KR", fiat("5000000", "KRW"), fiat("4900", "SGD"))
    assert {each.clause.text for each in one_way.requirements} == {each.clause.text for each in other_way.requirements}


def test_a_currency_without_a_price_counts_as_above() -> None:
    duty = judged("US", "SG", fiat("1", "SGD")).duties[0]
    assert (duty.tier, duty.counted) == ("above", None)
    # Where every amount is above, no price is needed.
    assert judged("DE", "SG", fiat("1", "SGD")).duties[0].counted is not None


def test_linked_transfers_count_as_one() -> None:
    def earlier(hours: int, amount: str) -> EarlierTransfer:
        return EarlierTransfer(at=NOW - timedelta(hours=hours), values=(fiat(amount, "SGD"),))

    split = judged("SG", "US", fiat("600", "SGD"), earlier=(earlier(1, "500"), earlier(24, "401"))).duties[0]
    assert (split.tier, split.linked, split.counted) == ("above", 2, Decimal(1501))
    old = judged("SG", "US", fiat("600", "SGD"), earlier=(earlier(1, "500"), earlier(25, "401"))).duties[0]
    assert (old.tier, old.linked, old.counted) == ("below", 1, Decimal(1100))
    unknown = EarlierTransfer(at=NOW, values=(fiat("1", "USD"),))
    assert judged("SG", "US", fiat("600", "SGD"), earlier=(unknown,)).duties[0].tier == "above"


@pytest.mark.parametrize(("amount", "is_due"), [("1000", False), ("1000.01", True)])
def test_an_unhosted_wallet(amount: str, is_due: bool) -> None:  # noqa: FBT001 -- a column of the table above
    unhosted = judged("DE", "DE", fiat(amount, "EUR"), is_unhosted=True)
    assert bool(unhosted.duties[0].unhosted_action) is is_due
    assert not judged("DE", "DE", fiat(amount, "EUR")).duties[0].unhosted_action
    assert judged("DE", "DE", fiat("1", "USD"), is_unhosted=True).duties[0].unhosted_action


def test_a_value_is_fixed_exactly_with_source_and_time() -> None:
    price = Price(of="EUR", currency="KRW", rate=Decimal("1480.123456789012345678901"), source="upbit", at=NOW)
    other = Price(of="BTC", currency="KRW", rate=Decimal(1), source="upbit", at=NOW)
    amount = Decimal("0.000000000000000001")
    own, won = value_in(amount, "EUR", prices=(price, other), at=NOW + timedelta(seconds=1))
    assert (own.amount, own.currency) == (amount, "EUR")
    assert won.amount == Decimal("1.480123456789012345678901E-15")
    assert (won.currency, won.source, won.fixed_at) == ("KRW", "upbit", NOW)
    for number in ("-1", "NaN", "Infinity"):
        with pytest.raises(StrongroomError):
            value_in(Decimal(number), "EUR", prices=(), at=NOW)


def test_clauses() -> None:
    either = parse_clause("originator.address + originator.document | originator.birth")
    assert either.is_met_by(frozenset({Field.ORIGINATOR_BIRTH}))
    assert not either.is_met_by(frozenset({Field.ORIGINATOR_ADDRESS}))
    assert either.is_met_by(frozenset({Field.ORIGINATOR_ADDRESS, Field.ORIGINATOR_DOCUMENT}))
    assert parse_clause("originator.lei?").is_met_by(frozenset())


def fields(payload: dict[str, Any]) -> frozenset[Field]:
    element = read_payload(dumps(payload), DEMANDS).element
    assert element is not None
    return fields_in(element)


def test_what_a_payload_has() -> None:
    assert {each for each in Field if each not in fields(base())} == {
        Field.ORIGINATOR_LEI,
        Field.ORIGINATOR_LEGAL_PERSON,
        Field.BENEFICIARY_ADDRESS,
        Field.BENEFICIARY_DOCUMENT,
        Field.BENEFICIARY_BIRTH,
        Field.BENEFICIARY_LEI,
        Field.BENEFICIARY_LEGAL_PERSON,
    }


def test_what_one_of_two_customers_lacks_is_missing() -> None:
    joint = base()["beneficiary"]["beneficiaryPersons"][0]
    payload = changed(base(), put={"originator.originatorPersons.1": joint})
    assert Field.ORIGINATOR_ADDRESS not in fields(payload)
    assert Field.ORIGINATOR_NAME in fields(payload)


def test_a_companys_representative_is_not_asked_and_a_company_has_no_birth() -> None:
    company, person = base()["originatingVASP"]["originatingVASP"], base()["originator"]["originatorPersons"][0]
    present = fields(changed(base(), put={"originator.originatorPersons": [company, person]}))
    assert {Field.ORIGINATOR_LEI, Field.ORIGINATOR_LEGAL_PERSON} <= present
    assert Field.ORIGINATOR_BIRTH not in present
    assert not judged("KR", "KR", fiat("5000000", "KRW")).missing(present)


def test_what_is_missing_is_what_no_alternative_meets() -> None:
    evaluation = judged("AE-DU", "CA", fiat("9000", "AED"), fiat("3000", "CAD"))
    present = fields(base())
    assert [each.clause.text for each in evaluation.missing(present)] == ["beneficiary.address"]


@given(st.sampled_from(COUNTRIES), st.sampled_from(COUNTRIES), st.decimals(0, 10**9, places=2))
def test_more_fields_never_miss_more_and_every_country_has_a_rule(start: str, end: str, amount: Decimal) -> None:
    values = tuple(FiatValue(amount=amount, currency=each, source="t", fixed_at=NOW) for each in ("USD", "EUR", "KRW"))
    evaluation = judged(start, end, *values)
    everything = frozenset(Field)
    assert not evaluation.missing(everything)
    assert len(evaluation.missing(frozenset())) >= len(evaluation.missing(fields(base())))
    asked = {rule for each in evaluation.requirements for rule in each.asked_by}
    assert asked <= {duty.rule.row.id for duty in evaluation.duties}


def test_every_row_says_where_it_comes_from() -> None:
    for rule in BOOK.rules:
        assert rule.row.source
        assert rule.row.url.startswith("https://")
        assert rule.above


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('threshold = "1500"', "threshold = 1500.0"),
        ('threshold = "1500"', 'threshold = "-1500"'),
        ('threshold = "1500"', 'threshold = "1e3"'),
        ('comparator = ">"', 'comparator = ">>"'),
        ('"originator.name"', '"originator.shoe_size"'),
        ("valid_from = 2020-01-28", 'valid_from = "soon"'),
        ('confidence = "high"', 'confidence = "total"'),
        ('id = "SG-2020"', 'id = "HK-2024"'),
        ('jurisdiction = "SG"', 'jurisdiction = "HK"'),
        ('jurisdiction = "SG"', 'jurisdiction = "DE"'),
        ('jurisdiction = "FATF"', 'jurisdiction = "FTAF"'),
        ("linked_hours = 24", "linked_hours = 24\nunknown = 1"),
        ('status = "planned"', 'status = "in_force"'),
        ("[[rule]]", "[rule"),
    ],
)
def test_malformed_rules_are_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(StrongroomError) as raised:
        parse_book(TEXT.replace(old, new))
    assert raised.value.code is Code.CONFIG_INVALID


def test_thresholds_are_text_in_the_file() -> None:
    assert all(isinstance(row["threshold"], str) for row in tomllib.loads(TEXT)["rule"])
