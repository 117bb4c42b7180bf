"""What docs/openapi.json says of a body that the gateway does not read: transaction_manager and the co-signers do."""

from dataclasses import dataclass

from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)

_TEXT = Schema(type=OpenAPIType.STRING)
_AMOUNT = Schema(
    type=[OpenAPIType.STRING, OpenAPIType.NUMBER],
    description="Decimal, greater than 0, with at most the asset's decimals. A text keeps every digit in every client.",
)


def _object(*required: str, **properties: Schema) -> Schema:
    return Schema(type=OpenAPIType.OBJECT, required=list(required), properties=dict(properties))


_SOURCE = _object("type", "id", type=Schema(enum=["VAULT_ACCOUNT"]), id=_TEXT)
_DESTINATION = _object(
    "type",
    type=Schema(enum=["VAULT_ACCOUNT", "EXTERNAL_WALLET", "ONE_TIME_ADDRESS"]),
    id=_TEXT,
    oneTimeAddress=_object("address", address=_TEXT),
)
_TRANSFER = _object(
    "assetId",
    "source",
    "destination",
    "amount",
    operation=Schema(enum=["TRANSFER"]),
    assetId=_TEXT,
    source=_SOURCE,
    destination=_DESTINATION,
    amount=_AMOUNT,
    feeLevel=Schema(enum=["LOW", "MEDIUM", "HIGH"]),
    maxTotalFee=_AMOUNT,
    externalTxId=_TEXT,
    note=_TEXT,
)
_IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    param_in="header",
    schema=Schema(type=OpenAPIType.STRING, max_length=40),
    description="The same key and body get the same answer; another body is refused.",
)


@dataclass
class TransferOperation(Operation):
    """POST /v1/transactions."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(content={"application/json": OpenAPIMediaType(schema=_TRANSFER)}, required=True)
        self.parameters = [*(self.parameters or ()), _IDEMPOTENCY_KEY]
