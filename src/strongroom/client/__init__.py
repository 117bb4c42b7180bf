"""The public Python client: signs requests and documents, verifies what comes back, trusts no answer it can check."""

from strongroom.client.api import Strongroom
from strongroom.client.credentials import ApiCredentials
from strongroom.client.owner import OwnerKey, sign_document_set, sign_key_request

__all__ = ["ApiCredentials", "OwnerKey", "Strongroom", "sign_document_set", "sign_key_request"]
