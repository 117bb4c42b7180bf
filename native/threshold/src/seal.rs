//! Secrets at rest: AES-256-GCM under a key that stays in here, with a versioned header.
//!
//! Blob: magic (4), version (1), protocol (1), nonce (12), ciphertext, tag (16). Header and the caller's
//! associated data are authenticated, so a flipped bit or a share of another party, key or epoch is refused here
//! and never reaches a peer, where it would look like an attack.
use crate::fault::{Fault, Kind};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use rand::rngs::SysRng;
use rand::TryRng;
use serde::{de::DeserializeOwned, Serialize};
use zeroize::Zeroizing;

/// Raised whenever the stored form changes.
pub const VERSION: u8 = 1;
const MAGIC: [u8; 4] = *b"SRTS";
const HEADER_BYTES: usize = 6;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const BLOB_BYTES_MAX: usize = 16 << 20;

/// A 32-byte sealing key, wiped on drop.
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// Takes exactly 32 bytes, not all zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let mut key = Zeroizing::new([0u8; 32]);
        if bytes.len() != key.len() || bytes.iter().all(|&byte| byte == 0) {
            return Err(Fault::usage("a sealing key is 32 bytes, not all zero"));
        }
        key.copy_from_slice(bytes);
        Ok(Self(key))
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.0.as_slice().into())
    }
}

fn header(protocol: u8) -> [u8; HEADER_BYTES] {
    let [a, b, c, d] = MAGIC;
    [a, b, c, d, VERSION, protocol]
}

fn authenticated(protocol: u8, associated_data: &[u8]) -> Vec<u8> {
    [&header(protocol), associated_data].concat()
}

fn unreadable(reason: &str) -> Fault {
    Fault::new(Kind::Malformed, None, reason)
}

/// Encodes into a buffer of the right size at once: a growing one would leave unwiped copies behind.
fn encode<T: Serialize>(value: &T) -> Zeroizing<Vec<u8>> {
    let size = postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default())
        .expect("our own data encodes");
    let mut plain = Zeroizing::new(vec![0u8; size]);
    postcard::to_slice(value, &mut plain).expect("our own data encodes");
    plain
}

/// Seals a value; the plain bytes are encrypted in place and never leave.
pub fn seal<T: Serialize>(
    value: &T,
    key: &SealingKey,
    protocol: u8,
    associated_data: &[u8],
) -> Result<Vec<u8>, Fault> {
    let mut body = encode(value);
    let mut nonce = [0u8; NONCE_BYTES];
    SysRng
        .try_fill_bytes(&mut nonce)
        .map_err(|_| Fault::new(Kind::Panic, None, "the system gives no randomness"))?;
    let tag = key
        .cipher()
        .encrypt_in_place_detached(
            Nonce::from_slice(&nonce),
            &authenticated(protocol, associated_data),
            &mut body,
        )
        .map_err(|_| Fault::usage("too much to seal"))?;
    Ok([&header(protocol)[..], &nonce, &body, &tag].concat())
}

/// Opens a blob of `seal`: same key, same protocol, same associated data, not one bit changed.
pub fn unseal<T: DeserializeOwned>(
    blob: &[u8],
    key: &SealingKey,
    protocol: u8,
    associated_data: &[u8],
) -> Result<T, Fault> {
    let fixed = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;
    if blob.len() < fixed || blob.len() > BLOB_BYTES_MAX || blob[..4] != MAGIC {
        return Err(unreadable("not a sealed blob"));
    }
    if blob[..HEADER_BYTES] != header(protocol) {
        return Err(unreadable("sealed blob of another version or protocol"));
    }
    let (nonce, rest) = blob[HEADER_BYTES..].split_at(NONCE_BYTES);
    let (body, tag) = rest.split_at(rest.len() - TAG_BYTES);
    let mut plain = Zeroizing::new(body.to_vec());
    key.cipher()
        .decrypt_in_place_detached(
            Nonce::from_slice(nonce),
            &authenticated(protocol, associated_data),
            &mut plain,
            Tag::from_slice(tag),
        )
        .map_err(|_| unreadable("wrong key, wrong associated data, or a damaged blob"))?;
    match postcard::take_from_bytes::<T>(&plain) {
        Ok((value, [])) => Ok(value),
        _ => Err(unreadable("sealed blob with undecodable content")),
    }
}
