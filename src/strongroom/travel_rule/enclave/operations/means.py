"""What every operation of the enclave uses."""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from strongroom.runtime.clock import Clock
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.kms import SealingKey
from strongroom.travel_rule.enclave.domain.commands import Command, CommandStatus
from strongroom.travel_rule.enclave.domain.keys import CounterPartyKey, KeyType, OwnKey
from strongroom.travel_rule.enclave.operations.screens import Screens
from strongroom.travel_rule.enclave.peers import Hub
from strongroom.travel_rule.enclave.providers.backend import Backend
from strongroom.travel_rule.enclave.providers.trp import Trp
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.ivms101.findings import Edition, Profile
from strongroom.travel_rule.messages import OpeningKey, Sender
from strongroom.travel_rule.rules.book import Book

_CHANCE_BITS: Final = 21
_KEYS_KEPT: Final = 10_000
_OWN_KEY_FRESH_S: Final = 60.0
Place: TypeAlias = tuple[str, KeyType, str]
"""VASP id, type and identifier of a counterparty's key."""


@dataclass(frozen=True, slots=True)
class ReadKey:
    """An own key in memory, ready to open, and when it was read from its table, by the monotonic clock."""

    key: OpeningKey
    read_at_s: float


class Starter(Protocol):
    """Runs commands in this process."""

    def has_room(self) -> bool:
        """Whether a command that is made now may be leased to this process at once."""
        ...

    def begin(self, command: Command, carried: object = None) -> None:
        """Run a command whose row is committed and leased to this process."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things are tried; see ``WorkSettings``."""

    back_off_s: float
    back_off_max_s: float
    answer_within_s: float
    decide_within_s: float
    callback_tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Commands that are done, until that is stored; one stores them at a time."""

    waiting: list[Command] = field(default_factory=list[Command])
    storing: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Database, counterparties, back end, screening companies and time; who we are; what payloads are held to."""

    own_vasp_id: str
    jurisdiction: str
    database: EnclaveDatabase
    cipher: ColumnCipher
    hub: Hub
    backend: Backend
    starter: Starter
    screens: Screens
    clock: Clock
    entropy: Entropy
    sender: Sender
    content_key: SealingKey
    book: Book
    profile: Profile
    edition: Edition | None
    patience: Patience
    trp: Trp | None = None
    trisa_key: RSAPrivateKey | None = field(default=None, repr=False)
    ended: Ended = field(default_factory=Ended)
    own_keys: dict[bytes, ReadKey] = field(default_factory=dict[bytes, ReadKey], repr=False)
    party_keys: dict[Place, CounterPartyKey] = field(default_factory=dict[Place, CounterPartyKey], repr=False)

    def now(self) -> datetime:
        """The time in whole milliseconds, as rows hold it."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def demands(self) -> Demands:
        """What payloads are held to today."""
        return Demands(today=self.clock.now().date(), profile=self.profile)

    async def country_of(self, vasp_id: str) -> str:
        """Whose rules a counterparty follows; raises as ``Hub.record``."""
        party = None if self.trp is None else self.trp.find_party(vasp_id)
        return (await self.hub.record(vasp_id)).country if party is None else party.country

    def content_mac(self, content: bytes) -> bytes:
        """Keyed digest of what was asked: without the key nobody finds out a name by trying names."""
        return hmac.new(self.content_key.reveal(), content, hashlib.sha256).digest()

    def new_uuid(self) -> str:
        """A random UUID as text."""
        return str(self.entropy.uuid4())

    def new_message_id(self) -> UUID:
        """Of one message, never used again."""
        return self.entropy.uuid4()

    def new_command(self, kind: str, body: bytes, *, due_in_s: float = 0.0) -> Command:
        """A command, leased to this process if it is due and there is room; otherwise whoever takes it runs it."""
        now = self.now()
        is_ours = due_in_s <= 0 and self.starter.has_room()
        chance = int.from_bytes(self.entropy.token(8), "big") >> (64 - _CHANCE_BITS)
        return Command(
            id=(round(now.timestamp() * 1000) << _CHANCE_BITS) | chance,
            kind=kind,
            body=body,
            status=CommandStatus.PROCESSING if is_ours else CommandStatus.CREATED,
            created_at=now,
            fetched_at=now if is_ours else now + timedelta(seconds=due_in_s),
        )

    def begin(self, commands: Sequence[Command], carried: object = None) -> None:
        """Run those that are leased to this process, now that they are committed."""
        for command in commands:
            if command.status is CommandStatus.PROCESSING:
                self.starter.begin(command, carried)

    def remember_key(self, key: OwnKey) -> OpeningKey:
        """Keep an own key in memory, as it was just read, and give it; the oldest is let go of."""
        if len(self.own_keys) >= _KEYS_KEPT:
            del self.own_keys[next(iter(self.own_keys))]
        opening = OpeningKey(key.private_key)
        self.own_keys[key.public_key] = ReadKey(opening, self.clock.monotonic_s())
        return opening

    def find_known_key(self, public_key: bytes) -> OpeningKey | None:
        """The own key of that public half, if it was read less than a minute ago: another process may have renewed it.

        One that is older is forgotten, so that a key that was dropped or erased does not stay in memory.
        """
        known = self.own_keys.get(public_key)
        if known is None:
            return None
        if self.clock.monotonic_s() - known.read_at_s < _OWN_KEY_FRESH_S:
            return known.key
        del self.own_keys[public_key]
        return None

    def remember_party_key(self, key: CounterPartyKey) -> None:
        """Keep a counterparty's key in memory, as the table does; the oldest is let go of."""
        if len(self.party_keys) >= _KEYS_KEPT:
            del self.party_keys[next(iter(self.party_keys))]
        self.party_keys[key.vasp_id, key.type, key.identifier] = key
