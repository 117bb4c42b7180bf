"""The enclave's tables: the eight of the requirement, and five of its own.

Names, order, comments and indexes of the eight are those of requirements 2, "Table definitions". MySQL's tables are
compared with it, column by column, in ``tests/travel_rule/enclave/store``. The collation is binary there: an address or
a key that differs by case is another one.

The five of its own begin with ``x_``: what was migrated, the versions of the data key, one key for each verification,
messages that were seen, and where the next message of an exchange by TRP goes.

``created_at``, ``updated_at`` and all other times are written by the enclave, by its clock; nothing in the database
changes ``updated_at`` by itself, as the requirement has it.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem

from strongroom.travel_rule.enclave.store.columns import (
    UtcDateTime,
    VaspId,
    enum,
    flag,
    integer,
    row_number,
    text,
    utc_now,
    varchar,
)

_RESULTS = ("WAIT", "VERIFIED", "UNKNOWN", "DENIED", "ERROR", "PENDING", "TRANSFER_ERROR")
_KEY_TYPES = ("PerVasp", "PerAddress", "PerVerification")
_STATUSES = ("CREATED", "PROCESSING", "DONE", "ERROR")
_ASSESSMENT_STATUSES = ("ERROR", "REGISTERED", "CHECKING", "PROCESSED")
_DIRECTIONS = ("OUTGOING", "INCOMING")

FEATURES = ("chainalysis_sanction", "chainalysis_kyt", "refinitiv_wco", "trp")
"""What may be switched on; each brings its tables."""

metadata = sa.MetaData()
_MYSQL_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("default_charset", "utf8"), ("collate", "utf8_bin"))
}


def _table(name: str, *parts: SchemaItem, feature: str = "core") -> sa.Table:
    return sa.Table(name, metadata, *parts, info={"feature": feature}, **_MYSQL_OPTIONS)


def _number(name: str, comment: str | None = None) -> sa.Column[int]:
    return sa.Column(name, row_number(), sa.Identity(), primary_key=True, comment=comment)


def _required(name: str, kind: sa.types.TypeEngine[Any], comment: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, comment=comment)


def _optional(name: str, kind: sa.types.TypeEngine[Any], comment: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True, comment=comment)


def _stamped(name: str, *, digits: int, nullable: bool = False, comment: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(digits), nullable=nullable, server_default=utc_now(digits), comment=comment)


verifications = _table(
    "verifications",
    _number("verification_id", "Verification ID"),
    _required("verification_uuid", varchar(40), "Verification UUID"),
    sa.Column(
        "result",
        enum("ck_verifications_result", *_RESULTS),
        nullable=False,
        server_default="WAIT",
        comment="Verification Result",
    ),
    _optional("reason", varchar(256), "Reason"),
    _optional("message", varchar(1024), "Additional information about the reason"),
    _optional("network", varchar(128), "Network for token transfer"),
    _optional("symbol", varchar(16), "Symbol"),
    _optional("amount", varchar(128), "Amount"),
    _optional("trade_price", varchar(128), "Trading Price"),
    _optional("trade_currency", varchar(128), "Trading Currency"),
    _optional("trade_iso_datetime", UtcDateTime(0), "Trading time"),
    sa.Column(
        "is_exceeding_threshold",
        flag(),
        nullable=False,
        server_default=sa.text("1"),
        comment="Whether the threshold has been exceeded",
    ),
    _optional("tx_hash", varchar(128), "Tx hash"),
    _optional("vout", varchar(128), "Vout"),
    _optional("originating_vasp_id", VaspId(), "Originating VASP ID"),
    _optional("originator_account_number", varchar(256), "Originator Account Address or ID"),
    _optional("ivms101_originator", text(), "Originator Information"),
    _optional("ivms101_originating_vasp", text(), "Originating VASP Information"),
    _optional("beneficiary_vasp_id", VaspId(), "Beneficiary VASP ID"),
    _optional("beneficiary_account_number", varchar(256), "Beneficiary Account Address or ID"),
    _optional("ivms101_beneficiary", text(), "Beneficiary Information"),
    _optional("ivms101_beneficiary_vasp", text(), "Beneficiary VASP Information"),
    _optional("verified_at", UtcDateTime(3), "Verified at."),
    _optional("ordered_at", UtcDateTime(3), "Ordered at."),
    _stamped("created_at", digits=3, comment="Created at."),
    sa.UniqueConstraint("verification_uuid", name="uk_verifications_verification_uuid"),
    sa.Index("idx_verifications_originator_account", "originator_account_number"),
    sa.Index("idx_verifications_beneficiary_account", "beneficiary_account_number"),
)

counter_party_keys = _table(
    "counter_party_keys",
    _number("id", "Key ID"),
    _required("type", enum("ck_counter_party_keys_type", *_KEY_TYPES), "Key types"),
    _required("vasp_id", VaspId(), "Counter party VASP ID"),
    _required("key_identifier", varchar(256), "Identifier of key (address or vaspId)"),
    _required("public_key", varchar(256), "Public Key of counter party"),
    _stamped("created_at", digits=0, comment="Created at."),
    sa.UniqueConstraint("vasp_id", "key_identifier", "type", name="key_uniqueness"),
)

own_keys = _table(
    "own_keys",
    _number("id", "Key ID"),
    _required("type", enum("ck_own_keys_type", *_KEY_TYPES), "Key types"),
    _required("key_identifier", varchar(256), "Identifier of key (address or type or public key)"),
    _required("public_key", varchar(256), "Public Key"),
    _required("private_key", varchar(256), "Private Key"),
    _stamped("created_at", digits=0, comment="Created at."),
    sa.UniqueConstraint("key_identifier", "type", name="key_uniqueness"),
    sa.Index("public_key", "public_key", "private_key"),
)

commands = _table(
    "commands",
    sa.Column("command_id", row_number(), primary_key=True, autoincrement=False, comment="Command ID"),
    _required("command_type", varchar(32), "Command type"),
    _required("command_body", text(), "Command body"),
    sa.Column(
        "status",
        enum("ck_commands_status", *_STATUSES),
        nullable=False,
        server_default="CREATED",
        comment="Command status",
    ),
    _stamped("created_at", digits=0, comment="Created at."),
    _optional("fetched_at", UtcDateTime(0), "Fetched at."),
    _optional("finished_at", UtcDateTime(0), "Finished at."),
    sa.Index("status_id", "status", "command_id"),
    sa.Index("status_finished_at", "status", "finished_at"),
    sa.Index("status_fetched_at_created_at", "status", "fetched_at", "created_at"),
)

chainalysis_sanction_results = _table(
    "chainalysis_sanction_results",
    _number("id"),
    _required("request_id", varchar(40)),
    _required("verification_uuid", varchar(40)),
    _required("counterparty_vasp_id", VaspId()),
    _required("direction", enum("ck_chainalysis_sanction_results_direction", *_DIRECTIONS)),
    _required("address", varchar(512)),
    _required("status", enum("ck_chainalysis_sanction_results_status", "NOHIT", "SANCTION", "CLOSED", "ERROR")),
    _optional("ofac_name", varchar(1024)),
    _optional("ofac_description", varchar(4096)),
    _optional("ofac_url", varchar(1024)),
    _stamped("created_at", digits=3, nullable=True),
    _stamped("updated_at", digits=3, nullable=True),
    sa.UniqueConstraint("request_id", name="uniq_request_id"),
    sa.Index("idx_counterparty_vasp_id", "counterparty_vasp_id", "created_at"),
    sa.Index("idx_address", "address", "created_at"),
    sa.Index("idx_created_at", "created_at"),
    feature="chainalysis_sanction",
)

chainalysis_kyt_results = _table(
    "chainalysis_kyt_results",
    _number("id"),
    _required("request_id", varchar(40)),
    _required("verification_uuid", varchar(40)),
    _required("counterparty_vasp_id", VaspId()),
    _required("api_type", enum("ck_chainalysis_kyt_results_api_type", "TRANSFER", "ATTEMPT")),
    _required("user_id", varchar(128)),
    _required("direction", enum("ck_chainalysis_kyt_results_direction", *_DIRECTIONS)),
    _optional("network", varchar(128)),
    _required("asset", varchar(16)),
    _required("amount", varchar(128)),
    _optional("usd_price", varchar(128)),
    _optional("transfer_ref", varchar(1024)),
    _optional("output_address", varchar(512)),
    _optional("timestamp", UtcDateTime(3)),
    _optional("external_id", varchar(128)),
    _required("status", enum("ck_chainalysis_kyt_results_status", *_ASSESSMENT_STATUSES)),
    _optional("worker_id", varchar(128)),
    _optional("last_checked_at", UtcDateTime(3)),
    _optional("alert_count", integer()),
    _stamped("created_at", digits=3, nullable=True),
    _stamped("updated_at", digits=3, nullable=True),
    _optional("assessed_at", UtcDateTime(3)),
    sa.UniqueConstraint("request_id", name="uniq_request_id"),
    sa.Index("idx_external_id", "external_id"),
    sa.Index("idx_counterparty_vasp_id", "counterparty_vasp_id", "created_at"),
    sa.Index("idx_direction", "direction", "created_at"),
    sa.Index("idx_status_last_checked_at", "status", "last_checked_at"),
    sa.Index("idx_status_worker_id", "status", "worker_id", "id"),
    sa.Index("idx_created_at", "created_at"),
    feature="chainalysis_kyt",
)

chainalysis_kyt_alerts = _table(
    "chainalysis_kyt_alerts",
    _number("id"),
    _required("external_id", varchar(128)),
    _required("alert_id", varchar(128)),
    _required("alert_level", enum("ck_chainalysis_kyt_alerts_alert_level", "LOW", "MEDIUM", "HIGH", "SEVERE")),
    _optional("entity_category", varchar(256)),
    _optional("service_name", varchar(256)),
    _required("exposure_type", enum("ck_chainalysis_kyt_alerts_exposure_type", "DIRECT", "INDIRECT")),
    _required("alert_amount", varchar(128)),
    _stamped("created_at", digits=3, nullable=True),
    _stamped("updated_at", digits=3, nullable=True),
    sa.UniqueConstraint("alert_id", name="uniq_alert_id"),
    sa.Index("idx_external_id", "external_id"),
    sa.Index("idx_alert_level", "alert_level"),
    sa.Index("idx_created_at", "created_at"),
    feature="chainalysis_kyt",
)

refinitiv_wco_results = _table(
    "refinitiv_wco_results",
    _number("id"),
    _required("request_id", varchar(40)),
    _required("verification_uuid", varchar(40)),
    _required("counterparty_vasp_id", VaspId()),
    _required("direction", enum("ck_refinitiv_wco_results_direction", *_DIRECTIONS)),
    _required("case_system_id", varchar(128)),
    _optional("aggregated_result_summaries", varchar(4096)),
    _optional("worker_id", varchar(128)),
    _required("status", enum("ck_refinitiv_wco_results_status", *_ASSESSMENT_STATUSES)),
    _optional("last_checked_at", UtcDateTime(3)),
    _stamped("created_at", digits=3, nullable=True),
    _stamped("updated_at", digits=3, nullable=True),
    _optional("assessed_at", UtcDateTime(3)),
    sa.UniqueConstraint("request_id", name="uniq_request_id"),
    sa.Index("idx_counterparty_vasp_id", "counterparty_vasp_id", "created_at"),
    sa.Index("idx_direction", "direction", "created_at"),
    sa.Index("idx_status_last_checked_at", "status", "last_checked_at"),
    sa.Index("idx_status_worker_id", "status", "worker_id", "id"),
    sa.Index("idx_created_at", "created_at"),
    feature="refinitiv_wco",
)

x_schema_versions = _table(
    "x_schema_versions",
    sa.Column("feature", varchar(64), primary_key=True, comment="core, or an optional feature"),
    sa.Column(
        "version", sa.Integer(), primary_key=True, autoincrement=False, comment="Version of the feature's tables"
    ),
    _required("checksum", varchar(64), "SHA-256 of the statements, in hexadecimal"),
    _required("applied_at", UtcDateTime(3), "When it was applied"),
)

x_keyset = _table(
    "x_keyset",
    sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False, comment="Version of the data key"),
    _required("wrapped_key", varchar(512), "The data key, wrapped by the key encryption key"),
    _required("wrapped_by", varchar(64), "Kind of the key encryption key"),
    _required("created_at", UtcDateTime(3), "When it was made"),
)

x_row_keys = _table(
    "x_row_keys",
    sa.Column("verification_uuid", varchar(40), primary_key=True, comment="Whose key it is"),
    _required("key_version", sa.Integer(), "Version of the data key that wraps it"),
    _optional("wrapped_key", varchar(128), "The key of the verification, wrapped; gone when erased"),
    _optional("content_mac", varchar(64), "Keyed digest of what was asked; gone when erased"),
    _optional("erased_at", UtcDateTime(3), "When the verification was erased for good"),
    sa.Index("x_row_keys_key_version", "key_version"),
)

x_messages = _table(
    "x_messages",
    sa.Column("message_id", varchar(40), primary_key=True, comment="Identifier of a sealed message"),
    _required("seen_at", UtcDateTime(3), "When it came"),
    sa.Index("x_messages_seen_at", "seen_at"),
)

x_trp_exchanges = _table(
    "x_trp_exchanges",
    sa.Column("verification_uuid", varchar(40), primary_key=True, comment="Which verification it is about"),
    _required("vasp_id", VaspId(), "Counterparty VASP ID"),
    _optional("callback", varchar(2000), "Where the next message to the counterparty goes"),
    _required("version", varchar(40), "Version of TRP that the counterparty speaks"),
    _required("created_at", UtcDateTime(3), "When it began"),
    feature="trp",
)


def tables_of(feature: str) -> tuple[sa.Table, ...]:
    """The tables that a feature brings, in the order of their definition; ``core`` for the rest."""
    return tuple(table for table in metadata.tables.values() if table.info["feature"] == feature)
