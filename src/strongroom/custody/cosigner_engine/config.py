"""Settings of cosigner_engine."""

from dataclasses import dataclass

from strongroom.runtime.pki import TlsIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """How co-signers reach the engine, and how long it waits for them.

    Args:
        link_address: ``127.0.0.1:<port>`` of the door that co-signers dial.
        link_tls: the engine's TLS leaf for that door.
        consent_timeout_s: for all three answers to the consent phase. A callback handler may take longer: its answer is
            journalled at the co-signer, and used by the next ceremony.
        round_timeout_s: without any message of a running ceremony.
        key_round_timeout_s: the same for key generation, which computes longer.
        presence_wait_s: for an absent co-signer before the call is put back.
        retry_s: the first pause before an attempt that failed is repeated; it doubles.
        retry_max_s: the longest pause.
        orders_ahead: orders that wait for one slow co-signer before whoever feeds it is slowed down.
        drain_timeout_s: for room among them; a co-signer that does not read for that long loses its stream.
    """

    link_address: str
    link_tls: TlsIdentity
    consent_timeout_s: float = 10.0
    round_timeout_s: float = 10.0
    key_round_timeout_s: float = 30.0
    presence_wait_s: float = 5.0
    retry_s: float = 0.2
    retry_max_s: float = 10.0
    orders_ahead: int = 256
    drain_timeout_s: float = 10.0
