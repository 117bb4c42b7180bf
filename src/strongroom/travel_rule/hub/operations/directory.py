"""Who is in the network: kept in memory, read again from the database, enrolled by the operator."""

import hmac
from datetime import datetime
from functools import lru_cache
from typing import final

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.http import Peer, named_service
from strongroom.travel_rule.hub.domain import Member, can_be_asked
from strongroom.travel_rule.hub.store import list_records, put_record
from strongroom.travel_rule.messages import VaspRecord, parse_member_service, verify_record

_log = structlog.stdlib.get_logger(__name__)


@final
class Directory:
    """The members whose records the network authority signed, as they were when last read.

    Args:
        authority_key: the network authority's public key.
        environment: whose certificates name members.
        clock: records expire by it.
    """

    def __init__(self, *, authority_key: bytes, environment: Environment, clock: Clock) -> None:
        self._authority_key, self._environment, self._clock = authority_key, environment, clock
        self._members: dict[str, Member] = {}
        self._named = lru_cache(maxsize=4096)(named_service)

    def members(self) -> tuple[Member, ...]:
        """Everybody, by VASP id."""
        return tuple(self._members.values())

    def get_caller(self, peer: Peer) -> VaspRecord:
        """The member that a connection's certificate names, and whose record lists the certificate's key.

        Raises:
            StrongroomError: ``FORBIDDEN``.
        """
        service = self._named(peer.certificate_der, self._environment)
        vasp_id = parse_member_service(service) if service else None
        member = self._members.get(vasp_id) if vasp_id else None
        if member is None or self._clock.now() >= member.record.expires_at:
            raise StrongroomError(Code.FORBIDDEN, "The certificate names no member of the network.")
        if not hmac.compare_digest(member.record.tls_key_hash, peer.key_hash):
            raise StrongroomError(Code.FORBIDDEN, "The certificate's key is not the one in the member's record.")
        return member.record

    def get_askable(self, vasp_id: str) -> VaspRecord:
        """A member that runs an enclave; ``VASP_UNKNOWN`` for any other."""
        member = self._members.get(vasp_id)
        if member is None or not can_be_asked(member.record, now=self._clock.now()):
            raise StrongroomError(Code.VASP_UNKNOWN)
        return member.record

    async def read(self, database: Database) -> None:
        """Read it again; a record that does not verify is left out and logged."""
        found: dict[str, Member] = {}
        for signed, health, enrolled_at, updated_at in await list_records(database):
            record = self._believed(signed)
            if record is not None:
                found[record.vasp_id] = Member(
                    record=record, signed=signed, health=health, enrolled_at=enrolled_at, updated_at=updated_at
                )
        self._members = found

    def _believed(self, signed: bytes) -> VaspRecord | None:
        try:
            return verify_record(signed, authority_key=self._authority_key, now=self._clock.now())
        except StrongroomError as error:
            _log.warning("vasp_record_dropped", why=error.detail)
            return None


async def enrol_vasp(*, database: Database, signed: bytes, authority_key: bytes, now: datetime) -> VaspRecord:
    """Take a VASP into the network, or renew its record.

    Raises:
        StrongroomError: ``VASP_RECORD_INVALID``; ``CONFLICT`` for a record that is not newer than the one kept.
    """
    record = verify_record(signed, authority_key=authority_key, now=now)
    kept = await put_record(database, vasp_id=record.vasp_id, serial=record.serial, signed=signed, now=now)
    if not kept:
        raise StrongroomError(Code.CONFLICT, f"A record of VASP {record.vasp_id} that is as new is enrolled already.")
    return record
