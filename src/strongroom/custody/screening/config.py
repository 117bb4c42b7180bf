"""Settings of the screening service."""

from typing import Final, Literal

import msgspec

from strongroom.runtime.config import Settings

TOKEN_MIN: Final = 16


class EnclaveAsset(Settings, frozen=True):
    """How the Travel Rule network calls an asset.

    Args:
        symbol: such as ``ETH``; 1 to 16 characters.
        network: such as ``Ethereum``; empty where the symbol says it.
        price: of one whole unit in ``currency``, as decimal text; empty if unknown.
        currency: of ISO 4217; empty without a price.
    """

    symbol: str
    network: str = ""
    price: str = ""
    currency: str = ""


class EnclaveConfig(Settings, frozen=True):
    """The institution's own Travel Rule enclave, reached by REST alone.

    Args:
        url: of its API, without a path, such as ``http://127.0.0.1:8410``.
        token: what it wants as bearer token.
        backend_token: what it sends as bearer token to screening's own door.
        key_type: who shares the key that personal data is sealed to.
        required_beneficiary_info: field codes that the beneficiary's institution is asked for.
        timeout_s: of one question to it.
        answer_s: how long one call of step 5c waits for an answer; the manager calls again after that.
        assets: by asset id; what is not named here is never exchanged, so its transfers are refused where they must be.
    """

    url: str
    token: str
    backend_token: str
    key_type: Literal["PerVasp", "PerAddress", "PerVerification"] = "PerVasp"
    required_beneficiary_info: str = "ACCOUNT_NUMBER,NATURAL_PERSON_NAME"
    timeout_s: float = 3.0
    answer_s: float = 3.0
    assets: dict[str, EnclaveAsset] = msgspec.field(default_factory=dict[str, EnclaveAsset])

    def __post_init__(self) -> None:
        """Refuse tokens that can be guessed; a refusal names no value."""
        if min(len(self.token), len(self.backend_token)) < TOKEN_MIN:
            raise ValueError(f"token and backend_token have at least {TOKEN_MIN} characters each")

    def __repr__(self) -> str:
        """No secret of it."""
        return f"EnclaveConfig(url={self.url!r})"


class ScreeningConfig(Settings, frozen=True):
    """What an operator sets.

    Args:
        travel_rule_thresholds: by asset id, decimal integers of base units; at or above it data must be exchanged. An
            asset that is not named has the threshold 0: always (Regulation (EU) 2023/1113, Art. 14).
        enclave: without one the counterparty is simulated, and every record says so.
    """

    travel_rule_thresholds: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    enclave: EnclaveConfig | None = None
