//! Threshold ECDSA on secp256k1: DKLs23 as `dkls23-core` 0.6.2 offers it, plus what that crate leaves to its caller.
pub mod keygen;
pub mod recover;
pub mod refresh;
pub mod share;
pub mod sign;
pub mod verify;
mod wiped;

use crate::fault::{Fault, Kind};
use dkls23_core::protocols::{Abort, AbortKind, AbortReason, PartiesMessage, PartyIndex};
use std::collections::BTreeMap;

pub use dkls23_secp256k1::{Party, PublicKeyPackage};

pub type Curve = k256::Secp256k1;

/// Protocol numbers in envelopes and blobs.
pub const PROTOCOL_KEYGEN: u8 = 1;
pub const PROTOCOL_SIGN: u8 = 2;
pub const PROTOCOL_REFRESH: u8 = 3;
pub const PROTOCOL_SHARE: u8 = 1;
pub const PROTOCOL_BACKUP: u8 = 2;

/// Ceremony ids are jointly random and never reused; shorter ones are refused.
pub const CEREMONY_ID_BYTES_MIN: usize = 32;

fn index(party: u8) -> PartyIndex {
    PartyIndex::new(party).expect("party numbers start at 1")
}

fn check_ceremony_id(id: &[u8]) -> Result<(), Fault> {
    if id.len() < CEREMONY_ID_BYTES_MIN || id.iter().all(|&byte| byte == id[0]) {
        return Err(Fault::usage(
            "a ceremony id has at least 32 bytes, jointly random",
        ));
    }
    Ok(())
}

/// Rule 2: the indices inside a body are those of the authenticated sender and of ourselves.
fn check_route(from: u8, party: u8, inner: &PartiesMessage) -> Result<(), Fault> {
    if inner.sender.as_u8() != from || inner.receiver.as_u8() != party {
        return Err(Fault::malformed(
            from,
            "inner sender or receiver differs from the envelope",
        ));
    }
    Ok(())
}

/// Rule 1: a party that copies another's commitment and proof could turn the victim's share into the whole key.
/// Whoever shows our own value has copied it; between two others nobody can say who did.
fn check_distinct<M, V: PartialEq>(
    what: &str,
    own: V,
    received: &BTreeMap<u8, M>,
    value: impl Fn(&M) -> V,
) -> Result<(), Fault> {
    let mut seen = Vec::with_capacity(received.len());
    for (&from, message) in received {
        let value = value(message);
        if value == own {
            return Err(Fault::recoverable(Some(from), format!("copied {what}")));
        }
        if seen.contains(&value) {
            return Err(Fault::recoverable(
                None,
                format!("two parties with one {what}"),
            ));
        }
        seen.push(value);
    }
    Ok(())
}

/// Rule 6: a mismatch names nobody: the liar may be whoever broadcast, or whoever echoes.
fn check_echoes(echoes: &BTreeMap<u8, [u8; 32]>, own: [u8; 32]) -> Result<(), Fault> {
    match echoes.iter().find(|(_, echo)| **echo != own) {
        None => Ok(()),
        Some((from, _)) => Err(Fault::recoverable(
            None,
            format!("party {from} saw another transcript"),
        )),
    }
}

/// Who is to blame, where the protocol can tell; never ourselves.
fn culprit(abort: &Abort) -> Option<u8> {
    use AbortReason as R;
    let party = match &abort.reason {
        R::UnexpectedSender { sender } | R::DuplicateSender { sender } => sender,
        R::MissingMessageFromParty { party } | R::ChainCodeCommitmentFailed { party } => party,
        R::SessionBindingMismatch { counterparty }
        | R::ProofVerificationFailed { counterparty }
        | R::CommitmentMismatch { counterparty }
        | R::TrivialInstancePoint { counterparty }
        | R::OtConsistencyCheckFailed { counterparty }
        | R::MultiplicationVerificationFailed { counterparty, .. }
        | R::GammaUInconsistency { counterparty }
        | R::ZeroShareDecommitFailed { counterparty } => counterparty,
        _ => return None,
    };
    (*party != abort.index).then(|| party.as_u8())
}

impl From<Abort> for Fault {
    fn from(abort: Abort) -> Self {
        match abort.kind {
            AbortKind::BanCounterparty(party) => {
                Fault::new(Kind::Ban, Some(party.as_u8()), abort.reason.to_string())
            }
            AbortKind::Recoverable => Fault::recoverable(culprit(&abort), abort.reason.to_string()),
        }
    }
}
