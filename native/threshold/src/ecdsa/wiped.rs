//! Kept key-generation state that the library does not wipe by itself.
use super::Curve;
use dkls23_core::protocols::dkg::{
    KeepInitMulPhase3to4, KeepInitZeroSharePhase2to3, KeepInitZeroSharePhase3to4,
};
use dkls23_core::protocols::PartyIndex;
use std::collections::BTreeMap;
use zeroize::Zeroize;

pub trait Wipe {
    fn wipe(&mut self);
}

/// Per-peer state, wiped when the ceremony moves on or ends.
pub struct Wiped<T: Wipe>(pub BTreeMap<PartyIndex, T>);

impl<T: Wipe> Drop for Wiped<T> {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Wipe::wipe);
    }
}

impl Wipe for KeepInitZeroSharePhase2to3 {
    fn wipe(&mut self) {
        self.seed.zeroize();
        self.salt.zeroize();
    }
}

impl Wipe for KeepInitZeroSharePhase3to4 {
    fn wipe(&mut self) {
        self.seed.zeroize();
    }
}

impl Wipe for KeepInitMulPhase3to4<Curve> {
    fn wipe(&mut self) {
        self.ot_sender.s.zeroize();
        self.nonce.zeroize();
        self.ot_receiver.seed.zeroize();
        self.correlation.zeroize();
        self.vec_r.zeroize();
    }
}
