"""Every function of the store called once, and what it says to a database, compiled for each dialect.

What takes rows is built for a dialect, so it is compiled from where it is built. What only one engine is asked (its
catalogue, its own functions) is left out: it is tested where that engine runs, or, for Oracle, nowhere.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypedDict

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ClauseElement

from strongroom.runtime.entropy import SystemEntropy
from strongroom.travel_rule.enclave.domain.assessments import (
    Alert,
    ApiType,
    AssessmentStatus,
    Direction,
    Kyt,
    Lease,
    Sanction,
    SanctionStatus,
    Wco,
)
from strongroom.travel_rule.enclave.domain.commands import CommandStatus
from strongroom.travel_rule.enclave.domain.keys import CounterPartyKey, KeyType, OwnKey
from strongroom.travel_rule.enclave.domain.trp import Exchange
from strongroom.travel_rule.enclave.domain.verifications import (
    Action,
    Answered,
    Outcome,
    Persons,
    Result,
    VerificationFilter,
)
from strongroom.travel_rule.enclave.store import (
    assessments,
    commands,
    copies,
    joined,
    keys,
    keyset,
    messages,
    reencrypt,
    retention,
    sizes,
    trp,
    verifications,
)
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.copies import Ciphers
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase, Transaction
from strongroom.travel_rule.enclave.store.schema import chainalysis_kyt_results, metadata, refinitiv_wco_results
from tests.travel_rule.enclave.store.ddl import DIALECTS
from tests.travel_rule.enclave.store.world import NOW, OURS, THEIRS, WRAPPER, command, later, verification

MODULES = (
    assessments,
    commands,
    copies,
    joined,
    keys,
    keyset,
    messages,
    reencrypt,
    retention,
    sizes,
    trp,
    verifications,
)
Call = tuple[str, Callable[[Transaction], Awaitable[object]]]
_ONE_ENGINE = ("pg_", "information_schema")
_PAIR = OwnKey(type=KeyType.PER_VASP, identifier=OURS, public_key=b"\x01" * 32, private_key=b"\x02" * 32)


class _Party(TypedDict):
    vasp_id: str
    key_type: KeyType
    identifier: str


def calls(cipher: ColumnCipher) -> Iterable[Call]:
    """Names of functions, and a call of each, in an order in which they have something to do."""
    yield from _verifications(cipher)
    yield from _keys(cipher)
    yield from _commands()
    yield from _assessments()
    yield from _exchanges()
    yield from _copies(cipher)
    yield from _upkeep(cipher)


def _verifications(cipher: ColumnCipher) -> Iterable[Call]:
    made = verification(uuid="u", persons=Persons(originator=b"1", beneficiary=b"2"))
    told = Answered(outcome=Outcome(result=Result.VERIFIED), beneficiary=b"3", verified_at=NOW)
    wanted = VerificationFilter(
        from_at=NOW,
        to_at=NOW,
        own_vasp_id=OURS,
        symbol="ETH",
        tx_hash="h",
        result=Result.VERIFIED,
        action=Action.SEND,
        opposite_vasp_id=THEIRS,
        originator_account_number="o",
        beneficiary_account_number="b",
    )
    yield "keyset.load_keyset", lambda tx: keyset.load_keyset(tx, cipher)
    yield "keyset.ensure_keyset", lambda tx: keyset.ensure_keyset(tx, cipher, now=NOW)
    yield "keyset.insert_data_key", lambda tx: keyset.insert_data_key(tx, cipher, now=NOW)
    yield "verifications.insert_verification", lambda tx: verifications.insert_verification(tx, made, cipher=cipher)
    yield "verifications.find_outline", lambda tx: verifications.find_outline(tx, "u")
    yield "verifications.find_verification", lambda tx: verifications.find_verification(tx, "u", cipher=cipher)
    yield (
        "verifications.list_linked",
        lambda tx: verifications.list_linked(tx, verification(number=7), from_at=NOW, limit=10),
    )
    yield (
        "verifications.list_verifications",
        lambda tx: verifications.list_verifications(tx, wanted, page=2, rpp=10, cipher=cipher),
    )
    yield "verifications.record_result", lambda tx: verifications.record_result(tx, "u", told, cipher=cipher)
    yield "verifications.record_tx", lambda tx: verifications.record_tx(tx, "u", tx_hash="h", vout="0")
    yield "verifications.record_transfer_error", lambda tx: verifications.record_transfer_error(tx, "u", told.outcome)


def _keys(cipher: ColumnCipher) -> Iterable[Call]:
    pair = _PAIR
    theirs = CounterPartyKey(type=KeyType.PER_VASP, vasp_id=THEIRS, identifier=THEIRS, public_key=b"\x03" * 32)
    party = _Party(vasp_id=THEIRS, key_type=KeyType.PER_VASP, identifier=THEIRS)
    yield "keys.insert_own_key", lambda tx: keys.insert_own_key(tx, pair, cipher=cipher, now=NOW)
    yield "keys.find_own_key", lambda tx: keys.find_own_key(tx, pair.type, OURS, cipher=cipher)
    yield "keys.find_own_key_by_public", lambda tx: keys.find_own_key_by_public(tx, pair.public_key, cipher=cipher)
    yield "keys.put_counter_party_key", lambda tx: keys.put_counter_party_key(tx, theirs, now=NOW)
    yield "keys.find_counter_party_key", lambda tx: keys.find_counter_party_key(tx, **party)
    yield "keys.drop_counter_party_key", lambda tx: keys.drop_counter_party_key(tx, **party)


def _commands() -> Iterable[Call]:
    held = command(1, status=CommandStatus.PROCESSING, fetched_at=NOW)
    yield "commands.insert_commands", lambda tx: commands.insert_commands(tx, [command(1), command(2)])
    yield "commands.take_commands", lambda tx: commands.take_commands(tx, limit=1, lease_s=30, now=NOW)
    yield "commands.postpone_command", lambda tx: commands.postpone_command(tx, held, due_at=NOW, attempt=1)
    yield "commands.finish_command", lambda tx: commands.finish_command(tx, held, now=NOW)
    yield "commands.finish_commands", lambda tx: commands.finish_commands(tx, [held], now=NOW)
    yield "commands.fail_command", lambda tx: commands.fail_command(tx, held, now=NOW)
    yield "commands.list_dead_letters", lambda tx: commands.list_dead_letters(tx, limit=10)
    yield "commands.replay_dead_letter", _replayed
    yield "commands.forget_commands", lambda tx: commands.forget_commands(tx, before=NOW)
    yield "messages.remember_message", lambda tx: messages.remember_message(tx, "m", now=NOW)
    yield "messages.forget_messages", lambda tx: messages.forget_messages(tx, before=later(1))


def _exchanges() -> Iterable[Call]:
    exchange = Exchange(uuid="u", vasp_id=THEIRS, callback="https://c", version="3.2.1", created_at=NOW)
    yield "trp.put_exchange", lambda tx: trp.put_exchange(tx, exchange)
    yield "trp.put_exchange", lambda tx: trp.put_exchange(tx, replace(exchange, callback="https://d"))
    yield "trp.find_exchange", lambda tx: trp.find_exchange(tx, "u")


def _copies(cipher: ColumnCipher) -> Iterable[Call]:
    archive, _ = cipher.new_archive("a")
    ciphers = Ciphers(cipher, archive)
    for table in ("verifications", "own_keys", "chainalysis_kyt_alerts", "x_trp_exchanges"):
        yield (
            "copies.copy_rows",
            lambda tx, table=table: copies.copy_rows(tx, table, after=None, limit=5, ciphers=ciphers),
        )
    yield "copies.insert_copies", lambda tx: _copied(tx, ciphers)
    yield "copies.insert_keys", _copied_keys
    yield "copies.list_row_keys", lambda tx: copies.list_row_keys(tx, after="", limit=5)
    yield "copies.list_data_keys", copies.list_data_keys
    yield "copies.is_empty", lambda tx: copies.is_empty(tx, "verifications")
    yield "copies.continue_numbers", lambda tx: copies.continue_numbers(tx, "verifications")
    yield "keyset.load_keyset", lambda tx: keyset.load_keyset(tx, cipher)


def _upkeep(cipher: ColumnCipher) -> Iterable[Call]:
    pair = _PAIR
    yield "keyset.open_row", lambda tx: _opened_row(tx, cipher)
    yield "keyset.open_column", lambda tx: _opened_column(tx, cipher)
    yield "reencrypt.count_old", lambda tx: reencrypt.count_old(tx, cipher)
    yield "reencrypt.reencrypt_verifications", lambda tx: reencrypt.reencrypt_verifications(tx, cipher, limit=5)
    yield "reencrypt.reencrypt_own_keys", lambda tx: reencrypt.reencrypt_own_keys(tx, cipher, limit=5)
    yield "keys.drop_own_key", lambda tx: keys.drop_own_key(tx, pair.type, OURS)
    for table in ("verifications", "commands"):
        yield "sizes.measure", lambda tx, table=table: sizes.measure(tx, table)
    yield "retention.find_unused_keys", lambda tx: _unused_keys(tx, cipher)
    yield "retention.drop_own_keys", lambda tx: retention.drop_own_keys(tx, [1, 2])
    yield "retention.count_older", lambda tx: retention.count_older(tx, before=later(1))
    yield "verifications.erase_verification", lambda tx: verifications.erase_verification(tx, "u", now=NOW)
    yield "retention.delete_older", lambda tx: retention.delete_older(tx, before=later(1), limit=5, now=NOW)


async def _unused_keys(tx: Transaction, cipher: ColumnCipher) -> None:
    """Keys of each type that no verification came for."""
    for number, key_type in enumerate((KeyType.PER_ADDRESS, KeyType.PER_VERIFICATION)):
        key = replace(_PAIR, type=key_type, identifier="nobody's", public_key=bytes([number + 7]) * 32)
        await keys.insert_own_key(tx, key, cipher=cipher, now=NOW)
    await retention.find_unused_keys(tx, after=0, before=later(1), limit=5)


def _assessments() -> Iterable[Call]:
    lease, mine = Lease(worker_id=None, at=NOW), Lease(worker_id="w", at=later(1))
    about: dict[str, Any] = {
        "verification_uuid": "u",
        "counterparty_vasp_id": THEIRS,
        "direction": Direction.OUTGOING,
        "created_at": NOW,
    }
    sanction = Sanction(request_id="s", address="a", status=SanctionStatus.NOHIT, **about)
    kyt = Kyt(
        request_id="k",
        api_type=ApiType.ATTEMPT,
        user_id="u",
        network="n",
        asset="ETH",
        amount="1",
        transfer_ref="t",
        output_address="a",
        timestamp=NOW,
        external_id=None,
        status=AssessmentStatus.REGISTERED,
        lease=lease,
        **about,
    )
    wco = Wco(request_id="w", case_system_id="c", status=AssessmentStatus.REGISTERED, lease=lease, **about)
    alert = Alert(alert_id="a", level="LOW", category=None, service=None, exposure="DIRECT", amount="1")
    due = {"due": later(1), "ran_out": NOW}
    yield "assessments.insert_sanction", lambda tx: assessments.insert_sanction(tx, sanction)
    yield "assessments.find_sanction", lambda tx: assessments.find_sanction(tx, "s")
    yield "assessments.insert_kyt", lambda tx: assessments.insert_kyt(tx, kyt)
    yield "assessments.find_kyt", lambda tx: assessments.find_kyt(tx, "k")
    yield "assessments.take_kyt", lambda tx: assessments.take_kyt(tx, lease=mine, limit=5, **due)
    yield "assessments.update_kyt", lambda tx: assessments.update_kyt(tx, kyt, held=mine, now=NOW)
    yield "assessments.insert_alerts", lambda tx: assessments.insert_alerts(tx, "e", [alert], now=NOW)
    yield "assessments.list_alerts", lambda tx: assessments.list_alerts(tx, "e")
    yield "assessments.insert_wco", lambda tx: assessments.insert_wco(tx, wco)
    yield "assessments.find_wco", lambda tx: assessments.find_wco(tx, "w")
    yield "assessments.take_wco", lambda tx: assessments.take_wco(tx, lease=mine, limit=5, **due)
    yield "assessments.update_wco", lambda tx: assessments.update_wco(tx, wco, held=mine, now=NOW)


async def _replayed(tx: Transaction) -> None:
    failed = command(9, status=CommandStatus.ERROR, finished_at=NOW)
    await commands.insert_commands(tx, [failed])
    await commands.replay_dead_letter(tx, 9)


async def _copied(tx: Transaction, ciphers: Ciphers) -> None:
    rows = await copies.copy_rows(tx, "verifications", after=None, limit=5, ciphers=ciphers)
    await tx.change(sa.delete(metadata.tables["verifications"]))
    await copies.insert_copies(tx, "verifications", rows, ciphers=ciphers)


async def _copied_keys(tx: Transaction) -> None:
    rows = await copies.list_data_keys(tx)
    await tx.change(sa.delete(metadata.tables["x_keyset"]))
    await copies.insert_keys(tx, "x_keyset", rows)


async def _opened_row(tx: Transaction, cipher: ColumnCipher) -> None:
    (row,) = await copies.list_row_keys(tx, after="", limit=1)
    stranger = ColumnCipher(WRAPPER, SystemEntropy())
    assert not stranger.knows(1)
    await keyset.open_row(tx, stranger, uuid="u", version=row["key_version"], wrapped=row["wrapped_key"])
    assert stranger.version == cipher.version


async def _opened_column(tx: Transaction, cipher: ColumnCipher) -> None:
    text = cipher.seal("t", "c", "r", b"data")
    stranger = ColumnCipher(WRAPPER, SystemEntropy())
    assert await keyset.open_column(tx, stranger, table="t", column="c", row="r", text=text) == b"data"


def claims(dialect: str) -> Iterator[tuple[str, ClauseElement]]:
    """What takes rows, as it is built for a dialect."""
    yield "commands.taking", commands.taking(abandoned=False, limit=5, dialect=dialect)
    yield "commands.taking", commands.taking(abandoned=True, limit=5, dialect=dialect)
    for table in (chainalysis_kyt_results, refinitiv_wco_results):
        taken = assessments.taking(table, AssessmentStatus.REGISTERED, limit=5, dialect=dialect)
        yield "assessments.taking", taken
    yield "reencrypt.old_rows", reencrypt.old_rows(limit=5, dialect=dialect)
    yield "reencrypt.old_pairs", reencrypt.old_pairs(limit=5, dialect=dialect)
    yield "retention.older", retention.older(limit=5, dialect=dialect)


def scripts(dialect: str) -> Iterator[tuple[str, ClauseElement]]:
    """What is done in one journey, on the databases where it is."""
    for name, script in joined.SCRIPTS.items():
        told = {"postgresql": (script.postgresql,), "mysql": script.mysql, "mariadb": script.mysql}
        for statement in told.get(dialect, ()):
            assert isinstance(statement, ClauseElement)
            yield f"joined.{name}", statement


async def heard(database: EnclaveDatabase, cipher: ColumnCipher) -> list[tuple[str, ClauseElement, list[str]]]:
    """Call everything on a real database, and listen: function, statement, names of what was passed with it."""
    said: list[tuple[str, ClauseElement, list[str]]] = []
    name = ""

    def listen(_connection: object, statement: object, many: Any, params: Mapping[str, Any], _options: object) -> None:
        passed: Mapping[str, Any] = many[0] if many else params
        if isinstance(statement, ClauseElement):
            said.append((name, statement, sorted(passed)))

    event.listen(database.engine.sync_engine, "before_execute", listen)
    for function, call in calls(cipher):
        name = function
        await database.run(call)
    event.remove(database.engine.sync_engine, "before_execute", listen)
    return said


def compiled(said: Iterable[tuple[str, ClauseElement, list[str]]], dialect: str) -> str:
    """All of it as text, by function, each statement once."""
    texts: dict[str, list[str]] = {}
    every = [each for each in said if not _takes_rows(each[1]) and not _is_of_one_engine(each[1])]
    every += [(name, statement, []) for name, statement in (*claims(dialect), *scripts(dialect))]
    for name, statement, passed in every:
        text = _compile(statement, passed, dialect)
        if text not in texts.setdefault(name, []):
            texts[name].append(text)
    parts = (f"-- {name}\n" + "".join(f"{text};\n" for text in texts[name]) for name in sorted(texts))
    return "\n".join(parts)


def _takes_rows(statement: ClauseElement) -> bool:
    claim = getattr(statement, "_for_update_arg", None)
    return claim is not None and bool(claim.skip_locked)


def _is_of_one_engine(statement: ClauseElement) -> bool:
    return any(sign in str(statement.compile(dialect=DIALECTS["postgresql"])) for sign in _ONE_ENGINE)


def _compile(statement: ClauseElement, passed: list[str], dialect: str) -> str:
    columns = passed if isinstance(statement, UpdateBase) and passed else None
    made = statement.compile(dialect=DIALECTS[dialect], column_keys=columns)
    return "\n".join(line.rstrip() for line in str(made).strip().splitlines())
