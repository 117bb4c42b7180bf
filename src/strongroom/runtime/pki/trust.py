"""What a service believes: chains that lead to its one root and name a service of its environment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.pki.names import Chain, environment_uri, hash_chain, parse_service_uri

_CACHE_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class VerifiedLeaf:
    """A leaf whose path and constraints hold; validity in time is asked at each use."""

    service: str
    public_key: Ed25519PublicKey
    chain_hash: bytes
    not_before: datetime
    not_after: datetime


@final
class TrustRoot:
    """The one root that a service believes, for the one environment it runs in.

    Args:
        root_der: the root certificate.
        environment: leafs of another environment are refused even under this root.
    """

    def __init__(self, *, root_der: bytes, environment: Environment) -> None:
        self.environment = environment
        self.root_der = root_der
        self._root = x509.load_der_x509_certificate(root_der)
        self._verified: dict[Chain, VerifiedLeaf] = {}

    def verify_chain(self, chain: Chain, now: datetime) -> str:
        """The service that this handoff chain names; raises ``HANDOFF_INVALID``."""
        return self.verify_leaf(chain, now).service

    def verify_leaf(self, chain: Chain, now: datetime) -> VerifiedLeaf:
        """Check path, validity, names and CA flags of a handoff chain; the result is kept per chain.

        Raises:
            StrongroomError: ``HANDOFF_INVALID``, with the check that failed.
        """
        verified = self._verified.get(chain)
        if verified is None:
            verified = _verify_path(self._root, chain, self.environment)
            if len(self._verified) >= _CACHE_MAX:
                self._verified.clear()
            self._verified[chain] = verified
        if not verified.not_before <= now <= verified.not_after:
            raise _invalid("the certificate has expired or is not yet valid")
        return verified


def _verify_path(root: x509.Certificate, chain: Chain, environment: Environment) -> VerifiedLeaf:
    try:
        leaf, intermediate = (x509.load_der_x509_certificate(der) for der in chain)
        intermediate.verify_directly_issued_by(root)
        leaf.verify_directly_issued_by(intermediate)
        _check_intermediate(intermediate, environment)
        service = _check_leaf(leaf, environment)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        raise _invalid("the certificate chain does not lead to the root") from None
    public_key = leaf.public_key()
    if not isinstance(public_key, Ed25519PublicKey):
        raise _invalid("the leaf's key is not for handoffs")
    links = (leaf, intermediate, root)
    return VerifiedLeaf(
        service=service,
        public_key=public_key,
        chain_hash=hash_chain(chain),
        not_before=max(link.not_valid_before_utc for link in links),
        not_after=min(link.not_valid_after_utc for link in links),
    )


def _check_intermediate(certificate: x509.Certificate, environment: Environment) -> None:
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if not constraints.ca or constraints.path_length != 0 or not usage.key_cert_sign:
        raise _invalid("the intermediate is not a certificate authority for leafs")
    if _uris(certificate) != [environment_uri(environment)]:
        raise _invalid("the intermediate is of another environment")


def _check_leaf(certificate: x509.Certificate, environment: Environment) -> str:
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if constraints.ca or usage.key_cert_sign or not usage.digital_signature:
        raise _invalid("the leaf is not a service's certificate")
    uris = _uris(certificate)
    service = parse_service_uri(uris[0], environment) if len(uris) == 1 else None
    if service is None:
        raise _invalid("the leaf names no service of this environment")
    return service


def _uris(certificate: x509.Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def _invalid(detail: str) -> StrongroomError:
    return StrongroomError(Code.HANDOFF_INVALID, detail)
