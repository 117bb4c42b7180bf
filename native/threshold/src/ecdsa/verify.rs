//! A second opinion on every signature, by the `ecdsa` crate instead of the protocol's own arithmetic.
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

/// True if `signature` (r, s, recovery id) is a low-S signature of `digest` under the 33-byte `public_key` and the
/// recovery id gives back that very key.
pub fn verify(public_key: &[u8], digest: &[u8; 32], signature: &[u8; 65]) -> bool {
    let (Ok(key), Ok(rs), Some(recovery)) = (
        VerifyingKey::from_sec1_bytes(public_key),
        Signature::from_slice(&signature[..64]),
        RecoveryId::from_byte(signature[64]),
    ) else {
        return false;
    };
    rs.normalize_s() == rs
        && key.verify_prehash(digest, &rs).is_ok()
        && VerifyingKey::recover_from_prehash(digest, &rs, recovery).is_ok_and(|found| found == key)
}
