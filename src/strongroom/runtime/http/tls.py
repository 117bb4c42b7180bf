"""TLS 1.3 (RFC 8446) in both directions, from the folder that ``TlsIdentity.save`` writes."""

import ssl
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.pki import parse_service_uri


def server_context(folder: Path) -> ssl.SSLContext:
    """For a door: shows ``tls.pem`` and lets in only who shows a certificate under ``root.pem``.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` when a file is missing or is not what it should be.
    """
    return _of_folder(ssl.PROTOCOL_TLS_SERVER, folder)


def client_context(folder: Path) -> ssl.SSLContext:
    """For a client: shows ``tls.pem`` and speaks only to a host whose name is in a certificate under ``root.pem``.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    return _of_folder(ssl.PROTOCOL_TLS_CLIENT, folder)


def loaded_context(protocol: int, certificate: Path, key: Path, root: Path | None) -> ssl.SSLContext:
    """A context of TLS 1.3 that shows the certificate; with a root, the other side must show one under it.

    Args:
        protocol: ``ssl.PROTOCOL_TLS_SERVER`` or ``ssl.PROTOCOL_TLS_CLIENT``.
        certificate: the file, as are ``key`` and ``root``.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        if root is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(root)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        place = f"{certificate.parent.name}/{certificate.name}"
        raise StrongroomError(Code.CONFIG_INVALID, f"{place} and what belongs to it: {error.strerror}.") from None
    return context


def _of_folder(protocol: int, folder: Path) -> ssl.SSLContext:
    return loaded_context(protocol, folder / "tls.pem", folder / "tls.key", folder / "root.pem")


def certificate_key_hash(certificate_der: bytes) -> bytes:
    """SHA-256 of the certificate's SubjectPublicKeyInfo, 32 bytes (RFC 7469 2.4)."""
    public_key = x509.load_der_x509_certificate(certificate_der).public_key()
    return sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def named_service(certificate_der: bytes, environment: Environment) -> str | None:
    """The one service of this environment that the certificate names, or None."""
    try:
        extension = x509.load_der_x509_certificate(certificate_der).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return None
    uris = extension.value.get_values_for_type(x509.UniformResourceIdentifier)
    return parse_service_uri(uris[0], environment) if len(uris) == 1 else None
