//! One party's share of a key: opaque, wiped on drop, stored only sealed.
use super::{index, Curve, Party, PublicKeyPackage, PROTOCOL_BACKUP, PROTOCOL_SHARE};
use crate::backup::{self, RecoveryKey};
use crate::envelope::hash;
use crate::fault::{Fault, Kind};
use crate::seal::{seal, unseal, SealingKey};
use dkls23_core::protocols::derivation::MAX_CHILD_NUMBER;
use k256::elliptic_curve::group::GroupEncoding;
use k256::{ProjectivePoint, Scalar};
use serde::{Deserialize, Serialize};
use std::collections::{HashSet, VecDeque};
use std::iter::Sum;
use std::ops::Mul;
use std::sync::{Arc, Mutex};

/// Levels below the root that a path may name.
const DEPTH_MAX: usize = 10;
/// Signing ids remembered per share. The caller's journal is the real memory; this catches a caller's slip.
const USED_IDS_MAX: usize = 1 << 16;

/// What is stored. `Party` wipes itself on drop; it derives `Debug` upstream, so this must not.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub party: Party,
    pub public: PublicKeyPackage,
    pub transcript_hash: [u8; 32],
}

/// A share, of the root key or of a key derived from it.
pub struct Share {
    pub(super) stored: Stored,
    used: Arc<Mutex<UsedIds>>,
}

#[derive(Default)]
struct UsedIds {
    seen: HashSet<[u8; 32]>,
    order: VecDeque<[u8; 32]>,
}

impl Share {
    pub(super) fn new(stored: Stored) -> Self {
        Self {
            stored,
            used: Arc::default(),
        }
    }

    pub fn party(&self) -> u8 {
        self.stored.party.party_index.as_u8()
    }

    pub fn threshold(&self) -> u8 {
        self.stored.party.parameters.threshold
    }

    pub fn parties(&self) -> u8 {
        self.stored.party.parameters.share_count
    }

    /// The 33-byte compressed public key.
    pub fn public_key(&self) -> [u8; 33] {
        self.stored.party.pk.to_bytes().into()
    }

    /// The BIP-32 chain code: not secret, but with the public key it shows every derived address.
    pub fn chain_code(&self) -> [u8; 32] {
        *self.stored.party.chain_code()
    }

    /// What every party of the key generation saw alike.
    pub fn transcript_hash(&self) -> [u8; 32] {
        self.stored.transcript_hash
    }

    pub fn is_root(&self) -> bool {
        self.stored.party.derivation_data.depth == 0
    }

    /// BIP-32 non-hardened derivation from the root share, such as `m/44/60/0/0/7`.
    pub fn derive(&self, path: &str) -> Result<Share, Fault> {
        if !self.is_root() {
            return Err(Fault::usage(
                "derive from the root share: a path starts at m",
            ));
        }
        let children = parse_path(path)?;
        let not_allowed = |_| Fault::usage("BIP-32 allows no such child; take the next index");
        let mut data = self.stored.party.derivation_data.clone();
        let mut public = self.stored.public.clone();
        for child in children {
            public = public
                .derive_child(&data.chain_code, child)
                .map_err(not_allowed)?;
            data = data.derive_child(child).map_err(not_allowed)?;
        }
        let mut party = self.stored.party.clone();
        party.poly_point = data.poly_point;
        party.pk = data.pk;
        party.derivation_data = data;
        Ok(Share {
            stored: Stored {
                party,
                public,
                transcript_hash: self.stored.transcript_hash,
            },
            used: Arc::clone(&self.used),
        })
    }

    /// Seals the root share; `associated_data` names environment, tenant, key, epoch and party.
    pub fn seal(&self, key: &SealingKey, associated_data: &[u8]) -> Result<Vec<u8>, Fault> {
        if !self.is_root() {
            return Err(Fault::usage(
                "seal the root share: children are derived again",
            ));
        }
        seal(&self.stored, key, PROTOCOL_SHARE, associated_data)
    }

    /// Opens what `seal` made and checks that the secret belongs to the public data.
    pub fn unseal(blob: &[u8], key: &SealingKey, associated_data: &[u8]) -> Result<Self, Fault> {
        let stored: Stored = unseal(blob, key, PROTOCOL_SHARE, associated_data)?;
        Self::checked(stored)
    }

    /// Seals the root share to its holder's offline recovery key; all that is needed to sign again is inside.
    pub fn back_up(&self, recovery: &[u8], associated_data: &[u8]) -> Result<Vec<u8>, Fault> {
        if !self.is_root() {
            return Err(Fault::usage(
                "back up the root share: children are derived again",
            ));
        }
        backup::back_up(&self.stored, recovery, PROTOCOL_BACKUP, associated_data)
    }

    /// Opens what `back_up` made and checks it as `unseal` does.
    pub fn open_backup(
        blob: &[u8],
        key: &RecoveryKey,
        associated_data: &[u8],
    ) -> Result<Self, Fault> {
        let stored: Stored = backup::open(blob, key, PROTOCOL_BACKUP, associated_data)?;
        Self::checked(stored)
    }

    fn checked(stored: Stored) -> Result<Self, Fault> {
        if !is_consistent(&stored) {
            return Err(Fault::new(Kind::Malformed, None, "inconsistent share"));
        }
        Ok(Self::new(stored))
    }

    /// Rule 12: a signing id serves one ceremony of this share and of everything derived from it.
    pub(super) fn consume(&self, sign_id: &[u8]) -> Result<(), Fault> {
        let id = hash("strongroom/threshold/used/v1", &[sign_id]);
        let mut used = self.used.lock().expect("no panic while held");
        if !used.seen.insert(id) {
            return Err(Fault::usage("signing id already used"));
        }
        used.order.push_back(id);
        if used.order.len() > USED_IDS_MAX {
            if let Some(oldest) = used.order.pop_front() {
                used.seen.remove(&oldest);
            }
        }
        Ok(())
    }
}

/// The secret belongs to the public data, and the public shares of all parties give the public key.
pub(super) fn is_consistent(stored: &Stored) -> bool {
    let (party, public) = (&stored.party, &stored.public);
    let own = (ProjectivePoint::GENERATOR * party.poly_point).to_affine();
    party.parameters.threshold == public.threshold()
        && party.parameters.share_count == public.share_count()
        && party.pk == *public.verifying_key()
        && party.derivation_data.pk == party.pk
        && party.derivation_data.poly_point == party.poly_point
        && public.verify_share(party.party_index, &own)
        && lie_on_one_polynomial(public)
}

/// The first `threshold` public shares give the key, and every further one.
fn lie_on_one_polynomial(public: &PublicKeyPackage) -> bool {
    let share = |party: u8| public.verifying_share(index(party)).copied();
    let first: Option<Vec<(u8, ProjectivePoint)>> = (1..=public.threshold())
        .map(|party| Some((party, ProjectivePoint::from(share(party)?))))
        .collect();
    first.is_some_and(|first| {
        interpolate(&first, 0).to_affine() == *public.verifying_key()
            && (public.threshold()..public.share_count())
                .map(|before| before + 1)
                .all(|party| share(party) == Some(interpolate(&first, party).to_affine()))
    })
}

/// The value at `at` of the polynomial through `points` (Lagrange), of scalars or of their points; all positions differ.
pub(super) fn interpolate<V>(points: &[(u8, V)], at: u8) -> V
where
    V: Copy + Sum<V> + Mul<Scalar, Output = V>,
{
    let scalar = |party: u8| Scalar::from(u64::from(party));
    let weight = |own: u8| {
        points
            .iter()
            .filter(|(other, _)| *other != own)
            .map(|&(other, _)| {
                let distance = (scalar(other) - scalar(own)).invert();
                (scalar(other) - scalar(at)) * distance.expect("positions differ")
            })
            .product::<Scalar>()
    };
    points
        .iter()
        .map(|&(party, value)| value * weight(party))
        .sum()
}

/// `m/1/2/3`: decimal, no sign, no leading zero, no hardened level, one to ten levels.
pub(super) fn parse_path(path: &str) -> Result<Vec<u32>, Fault> {
    let wrong = || Fault::usage("a path is m/44/60/0/0/7: one to ten non-hardened levels");
    let levels: Vec<&str> = path
        .strip_prefix("m/")
        .ok_or_else(wrong)?
        .split('/')
        .collect();
    if levels.len() > DEPTH_MAX {
        return Err(wrong());
    }
    levels
        .into_iter()
        .map(|level| {
            let number: u32 = level.parse().map_err(|_| wrong())?;
            if number > MAX_CHILD_NUMBER || number.to_string() != level {
                return Err(wrong());
            }
            Ok(number)
        })
        .collect()
}

const _: fn() = || {
    fn wipes_itself<T: zeroize::Zeroize>() {}
    wipes_itself::<dkls23_core::protocols::Party<Curve>>();
};
