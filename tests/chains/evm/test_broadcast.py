import pytest

from strongroom.chains.evm.broadcast import SendOutcome, classify_send_error


@pytest.mark.parametrize(
    ("code", "message", "outcome"),
    [
        (-32000, "already known", SendOutcome.ALREADY_KNOWN),  # geth, reth
        (-32000, "ALREADY_EXISTS: already known", SendOutcome.ALREADY_KNOWN),
        (-32010, "AlreadyKnown", SendOutcome.ALREADY_KNOWN),  # Nethermind
        (-32000, "Known transaction", SendOutcome.ALREADY_KNOWN),  # Besu
        (-32003, "transaction already imported", SendOutcome.ALREADY_KNOWN),  # Anvil
        (-32000, "existing tx with same hash", SendOutcome.ALREADY_KNOWN),  # Erigon
        (-32000, "nonce too low: next nonce 5, tx nonce 4", SendOutcome.NONCE_TOO_LOW),
        (-32010, "OldNonce, Current nonce: 5", SendOutcome.NONCE_TOO_LOW),
        (-32001, "Nonce too low", SendOutcome.NONCE_TOO_LOW),
        (-32000, "replacement transaction underpriced", SendOutcome.REPLACEMENT_UNDERPRICED),
        (-32000, "max fee per gas less than block base fee: address 0x1", SendOutcome.UNDERPRICED),
        (-32010, "FeeTooLow, MaxFeePerGas too low", SendOutcome.UNDERPRICED),
        (-32000, "insufficient funds for gas * price + value: balance 0", SendOutcome.INSUFFICIENT_FUNDS),
        (-32004, "Upfront cost exceeds account balance", SendOutcome.INSUFFICIENT_FUNDS),
        (3, "execution reverted: not today", SendOutcome.REVERTED),
        (3, "", SendOutcome.REVERTED),
        (-32000, "the moon is full", SendOutcome.UNKNOWN),
        (-32000, "unknown transaction type", SendOutcome.UNKNOWN),
        (0, "", SendOutcome.UNKNOWN),
    ],
)
def test_the_words_of_every_node_have_one_meaning(code: int, message: str, outcome: SendOutcome) -> None:
    assert classify_send_error(code, message) is outcome
