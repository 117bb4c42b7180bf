"""Every statement of the auth engine."""

from collections.abc import Sequence
from datetime import datetime

from strongroom.custody.auth_engine.domain import AccessToken, Certificate, Changes, Registered
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.runtime.db import Database, Row, Statement


async def find_certificate(database: Database, *, api_user_id: str) -> Certificate | None:
    """The live certificate of an API user."""
    row = await database.fetchrow(
        """select api_user_id, tenant_id, public_key_der, valid_from_version
        from certificates where api_user_id = $1 and revoked_at is null""",
        api_user_id,
    )
    return _parse_certificate(row) if row else None


async def find_registered(database: Database, *, document_set: DocumentSet) -> Registered:
    """Who owns the ids and keys of a document set, and the tenant's live certificates."""
    api_users = document_set.roster.api_users
    users = await database.fetch(
        "select id, tenant_id from api_users where id = any($1::text[])", [user.id for user in api_users]
    )
    keys = await database.fetch(
        "select public_key_hash, tenant_id from registered_keys where public_key_hash = any($1::bytea[])",
        [sha256(user.public_key_der) for user in api_users],
    )
    live = await database.fetch(
        """select api_user_id, tenant_id, public_key_der, valid_from_version
        from certificates where tenant_id = $1 and revoked_at is null""",
        document_set.tenant,
    )
    return Registered(
        user_owners={row["id"]: row["tenant_id"] for row in users},
        key_owners={row["public_key_hash"]: row["tenant_id"] for row in keys},
        live=tuple(_parse_certificate(row) for row in live),
    )


async def find_document_set(database: Database, *, tenant_id: str, version: int | None = None) -> bytes | None:
    """The encoded ``Signed`` of a tenant's version; of its newest one without ``version``."""
    return await database.fetchval(
        """select signed from document_sets where tenant_id = $1 and ($2::bigint is null or version = $2)
        order by version desc limit 1""",
        tenant_id,
        version,
    )


async def insert_document_set(
    database: Database,
    *,
    document_set: DocumentSet,
    signed: bytes,
    changes: Changes,
    handoff: Statement,
    now: datetime,
) -> None:
    """A version with everything it changes, in one commit.

    Not ``Database.commit``: a key may move from one API user to another, so the revocation must be seen by the issue.
    """
    async with database.transaction() as tx:
        await tx.apply(_revoke(changes.revoked, document_set, now), _insert_version(document_set, signed, now))
        await tx.apply(_insert_users(changes.new_users, document_set, now), _insert_keys(changes, document_set, now))
        await tx.apply(_insert_certificates(changes.issued, now), handoff)


def insert_nonce(certificate: Certificate, *, nonce: str, expires_at: datetime) -> Statement:
    """The nonce of a request; undone with its commit when the certificate is no longer the API user's."""
    return Statement(
        """insert into request_nonces (api_user_id, nonce, expires_at)
        select api_user_id, $2::text, $3::timestamptz from certificates
        where api_user_id = $1 and valid_from_version = $4 and revoked_at is null""",
        (certificate.api_user_id, nonce, expires_at, certificate.valid_from_version),
        guard=True,
    )


def insert_token(token: AccessToken, certificate: Certificate, *, nonce: str, handoff_id: str) -> Statement:
    """The access token of a request that may change something."""
    return Statement(
        """insert into auth_tokens (id, tenant_id, api_user_id, certificate_version, request_hash, nonce, handoff_id,
            issued_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        (
            token.id,
            certificate.tenant_id,
            certificate.api_user_id,
            certificate.valid_from_version,
            token.request_hash,
            nonce,
            handoff_id,
            token.issued_at,
            token.expires_at,
        ),
    )


def delete_nonces(*, before: datetime) -> Statement:
    """Nonces whose requests can no longer be accepted."""
    return Statement("delete from request_nonces where expires_at < $1", (before,))


def _revoke(api_user_ids: Sequence[str], document_set: DocumentSet, now: datetime) -> Statement:
    return Statement(
        """update certificates set revoked_at = $1, revoked_by_version = $2
        where tenant_id = $3 and api_user_id = any($4::text[]) and revoked_at is null""",
        (now, document_set.version, document_set.tenant, list(api_user_ids)),
    )


def _insert_version(document_set: DocumentSet, signed: bytes, now: datetime) -> Statement:
    return Statement(
        "insert into document_sets (tenant_id, version, hash, signed, applied_at) values ($1, $2, $3, $4, $5)",
        (document_set.tenant, document_set.version, document_set.hash(), signed, now),
    )


def _insert_users(api_user_ids: Sequence[str], document_set: DocumentSet, now: datetime) -> Statement:
    return Statement(
        """insert into api_users (id, tenant_id, environment, registered_at)
        select unnest($1::text[]), $2::text, $3::text, $4::timestamptz""",
        (list(api_user_ids), document_set.tenant, document_set.environment.value, now),
    )


def _insert_keys(changes: Changes, document_set: DocumentSet, now: datetime) -> Statement:
    return Statement(
        """insert into registered_keys (public_key_hash, tenant_id, registered_at)
        select unnest($1::bytea[]), $2::text, $3::timestamptz""",
        (list(changes.new_keys), document_set.tenant, now),
    )


def _insert_certificates(issued: Sequence[Certificate], now: datetime) -> Statement:
    return Statement(
        """insert into certificates
            (api_user_id, tenant_id, public_key_der, public_key_hash, valid_from_version, valid_from)
        select api_user_id, tenant_id, public_key_der, public_key_hash, valid_from_version, $6::timestamptz
        from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bigint[])
            as issued (api_user_id, tenant_id, public_key_der, public_key_hash, valid_from_version)""",
        (
            [one.api_user_id for one in issued],
            [one.tenant_id for one in issued],
            [one.public_key_der for one in issued],
            [sha256(one.public_key_der) for one in issued],
            [one.valid_from_version for one in issued],
            now,
        ),
    )


def _parse_certificate(row: Row) -> Certificate:
    return Certificate(
        api_user_id=row["api_user_id"],
        tenant_id=row["tenant_id"],
        public_key_der=row["public_key_der"],
        valid_from_version=row["valid_from_version"],
    )
