//! The whole key again, on an offline machine, from the shares of a full quorum.
use super::share::{interpolate, parse_path, Share};
use super::Curve;
use crate::fault::{Fault, Kind};
use dkls23_core::protocols::derivation::DerivData;
use k256::elliptic_curve::group::GroupEncoding;
use k256::elliptic_curve::PrimeField;
use k256::{ProjectivePoint, Scalar};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// "xprv" (BIP-32, serialization format).
const EXTENDED_PRIVATE: [u8; 4] = [0x04, 0x88, 0xAD, 0xE4];
const EXTENDED_BYTES: usize = 78;
const CHECKSUM_BYTES: usize = 4;

/// A private key in one piece, wiped on drop.
pub struct Recovered(DerivData<Curve>);

impl Recovered {
    /// Exactly `threshold` root shares of distinct parties, of one key and one epoch.
    pub fn from_shares(shares: &[&Share]) -> Result<Self, Fault> {
        let first = shares
            .first()
            .ok_or_else(|| Fault::usage("a key is recovered from its shares"))?;
        check_quorum(first, shares)?;
        let points: Vec<(u8, Scalar)> = shares
            .iter()
            .map(|share| (share.party(), share.stored.party.poly_point))
            .collect();
        let mut data = first.stored.party.derivation_data.clone();
        data.poly_point = interpolate(&Zeroizing::new(points), 0);
        if (ProjectivePoint::GENERATOR * data.poly_point).to_affine() != data.pk {
            return Err(mismatch("the shares do not give the recorded key"));
        }
        Ok(Self(data))
    }

    /// The 33-byte compressed public key, from the private one.
    pub fn public_key(&self) -> [u8; 33] {
        point_of(&self.0)
    }

    /// The BIP-32 chain code.
    pub fn chain_code(&self) -> [u8; 32] {
        self.0.chain_code
    }

    /// The public key of a non-hardened child, from the child's private key.
    pub fn public_key_at(&self, path: &str) -> Result<[u8; 33], Fault> {
        let mut data = self.0.clone();
        for child in parse_path(path)? {
            data = data
                .derive_child(child)
                .map_err(|_| Fault::usage("BIP-32 allows no such child; take the next index"))?;
        }
        Ok(point_of(&data))
    }

    /// The extended private key of the root (BIP-32, "xprv"): whoever reads it owns every address.
    pub fn extended_private_key(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0u8; EXTENDED_BYTES + CHECKSUM_BYTES]);
        bytes[..4].copy_from_slice(&EXTENDED_PRIVATE);
        // Depth, parent fingerprint and child number of a root are zero.
        bytes[13..45].copy_from_slice(&self.0.chain_code);
        let secret = Zeroizing::new(<[u8; 32]>::from(self.0.poly_point.to_repr()));
        bytes[46..EXTENDED_BYTES].copy_from_slice(&*secret);
        let checksum = Sha256::digest(Sha256::digest(&bytes[..EXTENDED_BYTES]));
        bytes[EXTENDED_BYTES..].copy_from_slice(&checksum[..CHECKSUM_BYTES]);
        Zeroizing::new(bs58::encode(&*bytes).into_string())
    }
}

fn mismatch(reason: &str) -> Fault {
    Fault::new(Kind::Malformed, None, reason)
}

fn point_of(data: &DerivData<Curve>) -> [u8; 33] {
    (ProjectivePoint::GENERATOR * data.poly_point)
        .to_affine()
        .to_bytes()
        .into()
}

fn check_quorum(first: &Share, shares: &[&Share]) -> Result<(), Fault> {
    let mut parties: Vec<u8> = shares.iter().map(|share| share.party()).collect();
    parties.sort_unstable();
    parties.dedup();
    if parties.len() != shares.len() || parties.len() != usize::from(first.threshold()) {
        return Err(Fault::usage(
            "a key is recovered from the shares of exactly `threshold` parties",
        ));
    }
    for share in shares {
        if !share.is_root() || share.public_key() != first.public_key() {
            return Err(mismatch("shares of different keys"));
        }
        if share.transcript_hash() != first.transcript_hash() {
            return Err(mismatch("shares of different epochs"));
        }
    }
    Ok(())
}
