"""The use cases of the auth engine, one file a verb."""

from strongroom.custody.auth_engine.operations.authenticate import Authenticated, authenticate
from strongroom.custody.auth_engine.operations.certificates import Certificates
from strongroom.custody.auth_engine.operations.document_sets import DocumentSets
from strongroom.custody.auth_engine.operations.forget_nonces import forget_nonces
from strongroom.custody.auth_engine.operations.verify_partials import verify_partials

__all__ = [
    "Authenticated",
    "Certificates",
    "DocumentSets",
    "authenticate",
    "forget_nonces",
    "verify_partials",
]
