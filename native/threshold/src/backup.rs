//! Secrets that leave for a safe: sealed to an offline X25519 key, which only its holder has.
//!
//! Blob: magic (4), version (1), ephemeral public key (32), recovery public key (32), then a blob of `seal` under
//! HKDF-SHA256 of the shared secret. All of it, and the caller's associated data, is authenticated. Nothing says who
//! sealed it: whoever opens it compares what is inside with signed records.
use crate::fault::{Fault, Kind};
use crate::seal::{seal, unseal, SealingKey};
use hkdf::Hkdf;
use rand::rngs::SysRng;
use rand::TryRng;
use serde::{de::DeserializeOwned, Serialize};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Raised whenever the form of a backup changes.
pub const VERSION: u8 = 1;
const MAGIC: [u8; 4] = *b"SRTB";
const KEY_BYTES: usize = 32;
const HEADER_BYTES: usize = 5 + 2 * KEY_BYTES;
const DOMAIN: &[u8] = b"strongroom/threshold/backup/v1";

/// The holder's private recovery key, wiped on drop.
pub struct RecoveryKey(StaticSecret);

impl RecoveryKey {
    /// Takes exactly 32 bytes, not all zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let mut key = Zeroizing::new([0u8; KEY_BYTES]);
        if bytes.len() != key.len() || bytes.iter().all(|&byte| byte == 0) {
            return Err(Fault::usage("a recovery key is 32 bytes, not all zero"));
        }
        key.copy_from_slice(bytes);
        Ok(Self(StaticSecret::from(*key)))
    }

    /// What a co-signer seals to.
    pub fn public_key(&self) -> [u8; KEY_BYTES] {
        PublicKey::from(&self.0).to_bytes()
    }
}

fn unreadable(reason: &str) -> Fault {
    Fault::new(Kind::Malformed, None, reason)
}

fn header(ephemeral: &[u8; KEY_BYTES], recovery: &[u8; KEY_BYTES]) -> Vec<u8> {
    [&MAGIC[..], &[VERSION], ephemeral, recovery].concat()
}

/// The key of one blob. A public key of small order would give a secret that everybody knows (RFC 7748, 6.1).
fn agree(own: &StaticSecret, other: [u8; KEY_BYTES], header: &[u8]) -> Result<SealingKey, Fault> {
    let shared = own.diffie_hellman(&PublicKey::from(other));
    if !shared.was_contributory() {
        return Err(Fault::usage("this recovery key has no strength"));
    }
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    Hkdf::<Sha256>::new(Some(header), shared.as_bytes())
        .expand(DOMAIN, &mut *key)
        .expect("32 bytes are not too many");
    SealingKey::from_bytes(&*key)
}

fn authenticated(header: &[u8], associated_data: &[u8]) -> Vec<u8> {
    [header, associated_data].concat()
}

/// Seals a value to the holder of `recovery`; the plain bytes never leave.
pub fn back_up<T: Serialize>(
    value: &T,
    recovery: &[u8],
    protocol: u8,
    associated_data: &[u8],
) -> Result<Vec<u8>, Fault> {
    let recovery: [u8; KEY_BYTES] = recovery
        .try_into()
        .map_err(|_| Fault::usage("a recovery public key is 32 bytes"))?;
    let mut secret = Zeroizing::new([0u8; KEY_BYTES]);
    SysRng
        .try_fill_bytes(&mut *secret)
        .map_err(|_| Fault::new(Kind::Panic, None, "the system gives no randomness"))?;
    let ephemeral = StaticSecret::from(*secret);
    let header = header(&PublicKey::from(&ephemeral).to_bytes(), &recovery);
    let key = agree(&ephemeral, recovery, &header)?;
    let body = seal(
        value,
        &key,
        protocol,
        &authenticated(&header, associated_data),
    )?;
    Ok([header, body].concat())
}

/// Opens a blob of `back_up`: sealed to this key, same protocol, same associated data, not one bit changed.
pub fn open<T: DeserializeOwned>(
    blob: &[u8],
    recovery: &RecoveryKey,
    protocol: u8,
    associated_data: &[u8],
) -> Result<T, Fault> {
    if blob.len() < HEADER_BYTES || blob[..4] != MAGIC {
        return Err(unreadable("not a backup"));
    }
    if blob[4] != VERSION {
        return Err(unreadable("a backup of another version"));
    }
    let (header, body) = blob.split_at(HEADER_BYTES);
    let (ephemeral, sealed_to) = header[5..].split_at(KEY_BYTES);
    if sealed_to != recovery.public_key() {
        return Err(unreadable("sealed to another recovery key"));
    }
    let ephemeral: [u8; KEY_BYTES] = ephemeral.try_into().expect("split at 32");
    let key = agree(&recovery.0, ephemeral, header)
        .map_err(|_| unreadable("a backup with a worthless key"))?;
    unseal(
        body,
        &key,
        protocol,
        &authenticated(header, associated_data),
    )
}
