"""The public Python client: signs requests and documents, verifies what comes back, trusts no answer it can check."""

from strongroom.client.api import Key, Strongroom
from strongroom.client.credentials import ApiCredentials
from strongroom.client.owner import OwnerKey, sign_document_set, sign_key_request
from strongroom.kernel.errors import Code, StrongroomError

__all__ = [
    "ApiCredentials",
    "Code",
    "Key",
    "OwnerKey",
    "Strongroom",
    "StrongroomError",
    "sign_document_set",
    "sign_key_request",
]
