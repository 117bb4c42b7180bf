"""Settings of an enclave: a TOML file, overridden by environment variables (``STRONGROOM_ENCLAVE_API__TOKEN``)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.config import Settings, load_settings
from strongroom.runtime.http import is_loopback

PREFIX: Final = "STRONGROOM_ENCLAVE_"
_TOKEN_MIN: Final = 16


class ApiSettings(Settings, frozen=True):
    """The door for the provider's own systems.

    Args:
        host: where it listens.
        port: the same.
        token: who does not send it as bearer token is refused.
        tls_cert_file: certificates; without one plain HTTP, for loopback and private networks.
        tls_key_file: its key.
        max_body_bytes: of a request.
    """

    host: str = "127.0.0.1"
    port: int = 8630
    token: str = ""
    tls_cert_file: str = ""
    tls_key_file: str = ""
    max_body_bytes: int = 384 << 10


class MessagesSettings(Settings, frozen=True):
    """Where the door for the hub listens; beyond loopback only with ``hub.tls_folder``."""

    host: str = "127.0.0.1"
    port: int = 8631


class HubSettings(Settings, frozen=True):
    """The way to other providers.

    Args:
        url: of the hub: ``https://host:port``.
        tls_folder: tls.key, tls.pem and root.pem of this enclave, for both ways. The network authority lists its key.
            Empty: no TLS, which is for tests on one machine alone.
        authority_key: the network authority's Ed25519 public key, 64 hexadecimal digits: it signs the directory.
        directory_s: how long a directory that was read is used.
        timeout_s: of one exchange with a counterparty, who in turn asks its back end for up to 5 s.
    """

    url: str = ""
    tls_folder: str = ""
    authority_key: str = ""
    directory_s: float = 60.0
    timeout_s: float = 8.0


class BackEnd(Settings, frozen=True):
    """The provider's back end: what VEGA_VERIFICATION_..._PATH are elsewhere (travel_rule.md 1.3).

    Args:
        url: ``https://host:port``, without a path.
        ca_file: what its certificate must chain to; empty: what the machine trusts.
        token: the bearer token that it knows the enclave by.
    """

    url: str = ""
    ca_file: str = ""
    token: str = ""
    verification_path: str = "/verifications"
    account_path: str = "/verifications/account"
    transaction_path: str = "/verifications/transaction"
    callback_path: str = "/verifications/callback"
    verification_s: float = 5.0
    others_s: float = 1.0


class DatabaseSection(Settings, frozen=True):
    """The enclave's own database.

    Args:
        url: ``mysql+asyncmy://`` or ``postgresql+asyncpg://user:password@host:port/database``.
        max_connections: of this process.
        tls_ca_file: what the server's certificate must chain to; empty: no TLS.
        schema: PostgreSQL's, other than the default one.
    """

    url: str = ""
    max_connections: int = 8
    tls_ca_file: str = ""
    schema: str = ""


class KekSettings(Settings, frozen=True):
    """The key encryption key: what wraps the keys of the columns.

    Args:
        kind: ``file``: of the software KMS, in ``keys_folder``. ``pkcs11``: in a token. ``endpoint``: decrypted at
            start by the provider's own service. ``text``: in these settings, which is not recommended.
        key: endpoint: the encrypted key, or its name there; text: 32 bytes in base64.
        url: of the endpoint.
        library: the token's PKCS#11 module.
        token: its label.
        pin: of its user.
    """

    kind: Literal["file", "pkcs11", "endpoint", "text"] = "file"
    key: str = ""
    url: str = ""
    library: str = ""
    token: str = ""
    pin: str = ""


class WorkSettings(Settings, frozen=True):
    """Commands.

    Args:
        concurrency: how many run at once in this process.
        lease_s: after which another process takes up a command whose process is gone; whole seconds.
        poll_s: how often to look for postponed and abandoned ones.
        back_off_s, back_off_max_s: the first pause after a failure, doubled each time, and the longest.
        answer_within_s: a counterparty that has not answered by then has timed out.
        decide_within_s: the same, once it said PENDING.
        callback_tries: after so many a callback is a dead letter.
        keep_done_s: how long a command that is done is kept.
        keep_unused_keys_s: how long a key that a counterparty asked for waits for the verification it was asked for.
    """

    concurrency: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 64
    lease_s: Annotated[int, msgspec.Meta(ge=2)] = 45
    poll_s: float = 0.5
    back_off_s: float = 1.0
    back_off_max_s: float = 300.0
    answer_within_s: float = 600.0
    decide_within_s: float = 72 * 3600.0
    callback_tries: int = 20
    keep_done_s: float = 86400.0
    keep_unused_keys_s: Annotated[float, msgspec.Meta(ge=3600)] = 86400.0


class ChainalysisSettings(Settings, frozen=True):
    """Chainalysis: the features chainalysis_sanction and chainalysis_kyt.

    Args:
        sanction_url, kyt_url: other than the company's own.
        sanction_key, kyt_token: the keys of the two interfaces.
        networks: what KYT calls a network, by the network's name or symbol in a verification.
    """

    sanction_url: str = ""
    sanction_key: str = ""
    kyt_url: str = ""
    kyt_token: str = ""
    networks: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])


class WorldCheckSettings(Settings, frozen=True):
    """World-Check One: the feature refinitiv_wco.

    Args:
        url: other than the company's usual one, with the version.
        key, secret: of the API user.
        group_id: of the group that cases are saved in.
    """

    url: str = ""
    key: str = ""
    secret: str = ""
    group_id: str = ""


class AssessmentSettings(Settings, frozen=True):
    """Risk assessments.

    Args:
        concurrency: how many are worked on at once in this process.
        lease_s: after which another process takes one whose process is gone; longer than a few calls take.
        poll_s: between two looks at one that is being assessed.
        give_up_s: what is not assessed by then ends with ERROR.
        timeout_s: of one call to a company.
    """

    concurrency: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 32
    lease_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    poll_s: Annotated[float, msgspec.Meta(gt=0)] = 2.0
    give_up_s: Annotated[float, msgspec.Meta(gt=0)] = 900.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0


class TrpParty(Settings, frozen=True):
    """A provider that is reached by TRP, which has no directory.

    Args:
        vasp_id: any number that no provider of the network has.
        name: for people.
        country: whose rules it follows.
        hosts: where its travel addresses and callbacks may lead: ``host`` or ``host:port``.
        key_hashes: SHA-256 of the TLS keys that it shows (RFC 7469 2.4), 64 hexadecimal digits each.
        version: of TRP, to begin with.
        unit: what its amounts count: whole ones of an asset, or its smallest units.
    """

    vasp_id: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,19}$")]
    name: str
    country: str
    hosts: tuple[str, ...]
    key_hashes: tuple[Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")], ...]
    version: Annotated[str, msgspec.Meta(pattern=r"^3\.[0-2]\.[0-9]+$")] = "3.2.1"
    unit: Literal["asset", "smallest"] = "asset"


class TrpAsset(Settings, frozen=True):
    """What an asset is called in TRP: its Digital Token Identifier, or its coin type of SLIP-0044."""

    symbol: str
    decimals: Annotated[int, msgspec.Meta(ge=0, le=36)]
    network: str = ""
    dti: str = ""
    slip0044: Annotated[int, msgspec.Meta(ge=0)] | None = None


class TrpSettings(Settings, frozen=True):
    """TRP; used where ``features`` names it.

    Args:
        host: where its door listens.
        port: the same.
        url: where others reach that door: ``https://host:port``, without a slash at its end.
        tls_folder: tls.key, tls.pem and root.pem for both ways: others are believed under that root.
        name: ours, for /identity.
        lei: the same; empty if there is none.
        parties: whom to speak with.
        assets: what may be spoken of.
    """

    host: str = "127.0.0.1"
    port: int = 8632
    url: str = ""
    tls_folder: str = ""
    name: str = ""
    lei: str = ""
    timeout_s: float = 10.0
    parties: tuple[TrpParty, ...] = ()
    assets: tuple[TrpAsset, ...] = ()


class TrisaSettings(Settings, frozen=True):
    """TRISA's envelopes, which the provider's own TRISA node carries.

    Args:
        key_file: the RSA key, PEM, that others seal envelopes to; empty: none are opened.
    """

    key_file: str = ""


class EnclaveConfig(Settings, frozen=True):
    """What an operator sets.

    Args:
        vasp_id: of the provider, as the network numbers it; decimal text, for it exceeds 2^53.
        jurisdiction: whose rules the provider follows: ``KR``, ``DE``, ``AE-DU``.
        keys_folder: where the software KMS keeps its keys.
        edition: of IVMS101, in which payloads are kept and given to the back end; empty: as they came.
        profile: custom beside IVMS101 that payloads are held to.
        rules_file: other rules than Strongroom's own.
        features: optional tables that are in use: chainalysis_sanction, chainalysis_kyt, refinitiv_wco,
            trp.
    """

    vasp_id: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,19}$")]
    jurisdiction: str
    environment: Environment = Environment.SANDBOX
    keys_folder: str = "keys"
    edition: Literal["", "2020", "2023"] = ""
    profile: Literal["standard", "korea", "strict-lei"] = "standard"
    rules_file: str = ""
    features: tuple[str, ...] = ()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    api: ApiSettings = ApiSettings()
    messages: MessagesSettings = MessagesSettings()
    hub: HubSettings = HubSettings()
    backend: BackEnd = BackEnd()
    database: DatabaseSection = DatabaseSection()
    kek: KekSettings = KekSettings()
    work: WorkSettings = WorkSettings()
    trp: TrpSettings = TrpSettings()
    trisa: TrisaSettings = TrisaSettings()
    chainalysis: ChainalysisSettings = ChainalysisSettings()
    world_check: WorldCheckSettings = WorldCheckSettings()
    assessments: AssessmentSettings = AssessmentSettings()

    def __repr__(self) -> str:
        """No secret of it."""
        return f"EnclaveConfig(vasp_id={self.vasp_id!r})"


def load_config(file: Path, *, environ: Mapping[str, str]) -> EnclaveConfig:
    """The settings of a file, with the environment's laid over them.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` naming the setting, never its value.
    """
    config = load_settings(EnclaveConfig, file=file, environ=environ, prefix=PREFIX)
    if min(len(config.api.token), len(config.backend.token)) < _TOKEN_MIN:
        detail = f"api.token and backend.token are needed, of at least {_TOKEN_MIN} characters each."
        raise StrongroomError(Code.CONFIG_INVALID, detail)
    missing = [name for name, value in _needed(config).items() if not value]
    if missing:
        raise StrongroomError(Code.CONFIG_INVALID, f"{', '.join(missing)} must be set.")
    if not config.hub.tls_folder and not is_loopback(config.messages.host):
        detail = "messages.host beyond loopback needs hub.tls_folder: without TLS the door takes messages from anybody."
        raise StrongroomError(Code.CONFIG_INVALID, detail)
    return config


def _needed(config: EnclaveConfig) -> Mapping[str, str]:
    wanted = {
        "chainalysis_sanction": {"chainalysis.sanction_key": config.chainalysis.sanction_key},
        "chainalysis_kyt": {"chainalysis.kyt_token": config.chainalysis.kyt_token},
        "refinitiv_wco": {
            "world_check.key": config.world_check.key,
            "world_check.secret": config.world_check.secret,
            "world_check.group_id": config.world_check.group_id,
        },
    }
    of_features = [wanted[feature] for feature in config.features if feature in wanted]
    return {name: value for each in of_features for name, value in each.items()} | {
        "hub.url": config.hub.url,
        "hub.authority_key": config.hub.authority_key,
        "backend.url": config.backend.url,
        "database.url": config.database.url,
        **({} if "trp" not in config.features else _needed_by_trp(config.trp)),
    }


def _needed_by_trp(trp: TrpSettings) -> Mapping[str, str]:
    return {"trp.url": trp.url, "trp.tls_folder": trp.tls_folder, "trp.name": trp.name}
