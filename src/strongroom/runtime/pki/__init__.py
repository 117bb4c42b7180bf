"""Certificates: root -> intermediate of one environment -> short-lived leaf of one service (trust.md 8).

A service has two leafs under the same chain: Ed25519 for handoffs, P-256 for TLS (gRPC's TLS library does not reliably
take Ed25519). Both are named ``spiffe://strongroom/<environment>/<service>``; the environment's intermediate is named
``spiffe://strongroom/<environment>``, so that the key of one environment cannot vouch for a service of another.
"""

from strongroom.runtime.pki.authority import Authority, Signatory, new_root
from strongroom.runtime.pki.identity import LEAF_LIFETIME, Identity, Issuer, Leaf, TlsIdentity, TlsLeaf
from strongroom.runtime.pki.names import Chain, hash_chain, parse_service_uri, service_uri, tls_host_name
from strongroom.runtime.pki.trust import TrustRoot, VerifiedLeaf

__all__ = [
    "LEAF_LIFETIME",
    "Authority",
    "Chain",
    "Identity",
    "Issuer",
    "Leaf",
    "Signatory",
    "TlsIdentity",
    "TlsLeaf",
    "TrustRoot",
    "VerifiedLeaf",
    "hash_chain",
    "new_root",
    "parse_service_uri",
    "service_uri",
    "tls_host_name",
]
