//! One party's part in one signature: three rounds among exactly `threshold` parties.
use super::share::Share;
use super::verify::verify;
use super::{check_ceremony_id, check_route, index, Curve, PROTOCOL_SIGN};
use crate::envelope::{tag, Envelope};
use crate::fault::Fault;
use crate::session::{Ceremony, Inbox, Progress};
use dkls23_core::protocols::signing::{
    Broadcast3to4, KeepPhase1to2, KeepPhase2to3, SignData, TransmitPhase1to2, TransmitPhase2to3,
    UniqueKeep1to2, UniqueKeep2to3,
};
use dkls23_core::protocols::PartyIndex;
use std::collections::BTreeMap;
use std::mem::replace;
use std::sync::Arc;

/// r, s and recovery id.
pub type Signature = [u8; 65];

type Step = Result<Progress<Signature>, Fault>;

enum State {
    Fresh,
    Round1(
        UniqueKeep1to2<Curve>,
        BTreeMap<PartyIndex, KeepPhase1to2<Curve>>,
    ),
    Round2(
        UniqueKeep2to3<Curve>,
        BTreeMap<PartyIndex, KeepPhase2to3<Curve>>,
    ),
    Round3(String, Broadcast3to4<Curve>),
    Over,
}

/// The library binds session, quorum and digest in round 1, so there are no presignatures to misuse.
pub struct Sign {
    share: Arc<Share>,
    data: SignData,
    envelope: Envelope,
    state: State,
}

impl Sign {
    /// `signers`: exactly `threshold` distinct parties, this one among them. `sign_id`: at least 32 bytes, used once.
    pub fn new(
        share: Arc<Share>,
        signers: &[u8],
        digest: [u8; 32],
        sign_id: &[u8],
    ) -> Result<Self, Fault> {
        check_ceremony_id(sign_id)?;
        let quorum = check_quorum(&share, signers)?;
        share.consume(sign_id)?;
        let party = share.party();
        let peers: Vec<u8> = quorum.iter().copied().filter(|&p| p != party).collect();
        let tag = tag(&[
            b"ecdsa sign",
            &share.stored.party.session_id,
            &share.public_key(),
            &[share.threshold(), share.parties()],
            &quorum,
            &digest,
            sign_id,
        ]);
        Ok(Self {
            data: SignData {
                sign_id: sign_id.to_vec(),
                counterparties: peers.iter().map(|&peer| index(peer)).collect(),
                message_hash: digest,
            },
            envelope: Envelope {
                protocol: PROTOCOL_SIGN,
                party,
                peers,
                tag,
            },
            share,
            state: State::Fresh,
        })
    }

    fn begin(&mut self, inbox: &Inbox) -> Step {
        self.envelope.expect_none(inbox)?;
        let (own, kept, messages) = self.share.stored.party.sign_phase1(&self.data)?;
        self.state = State::Round1(own, kept);
        Ok(self.send(1, &messages, |message: &TransmitPhase1to2| {
            message.parties.receiver
        }))
    }

    fn multiply(
        &mut self,
        own: UniqueKeep1to2<Curve>,
        kept: BTreeMap<PartyIndex, KeepPhase1to2<Curve>>,
        inbox: &Inbox,
    ) -> Step {
        let received = self.envelope.read_all::<TransmitPhase1to2>(1, inbox)?;
        for (&from, message) in &received {
            check_route(from, self.envelope.party, &message.parties)?;
        }
        let received: Vec<_> = received.into_values().collect();
        let party = &self.share.stored.party;
        let (own, kept, messages) = party.sign_phase2(&self.data, own, kept, &received)?;
        self.state = State::Round2(own, kept);
        Ok(
            self.send(2, &messages, |message: &TransmitPhase2to3<Curve>| {
                message.parties.receiver
            }),
        )
    }

    fn release(
        &mut self,
        own: UniqueKeep2to3<Curve>,
        kept: BTreeMap<PartyIndex, KeepPhase2to3<Curve>>,
        inbox: &Inbox,
    ) -> Step {
        let received = self
            .envelope
            .read_all::<TransmitPhase2to3<Curve>>(2, inbox)?;
        for (&from, message) in &received {
            check_route(from, self.envelope.party, &message.parties)?;
        }
        let received: Vec<_> = received.into_values().collect();
        let party = &self.share.stored.party;
        let (x_hex, part) = party.sign_phase3(&self.data, own, kept, &received)?;
        let messages = self.envelope.write_all(3, &part);
        self.state = State::Round3(x_hex, part);
        Ok(Progress::Send(messages))
    }

    fn assemble(&self, x_hex: &str, own: Broadcast3to4<Curve>, inbox: &Inbox) -> Step {
        let received = self.envelope.read_all::<Broadcast3to4<Curve>>(3, inbox)?;
        let parts: Vec<_> = received.into_values().chain([own]).collect();
        let party = &self.share.stored.party;
        let (s_hex, recovery_id) = party.sign_phase4(&self.data, x_hex, &parts, true)?;
        let mut signature = [recovery_id; 65];
        write_hex(&mut signature[..32], x_hex)?;
        write_hex(&mut signature[32..64], &s_hex)?;
        if !verify(
            &self.share.public_key(),
            &self.data.message_hash,
            &signature,
        ) {
            return Err(Fault::recoverable(None, "the signature does not verify"));
        }
        Ok(Progress::Done(signature))
    }

    fn send<T: serde::Serialize>(
        &self,
        round: u8,
        messages: &[T],
        receiver: impl Fn(&T) -> PartyIndex,
    ) -> Progress<Signature> {
        let write = |message| {
            let to = receiver(message).as_u8();
            (to, self.envelope.write(round, to, message))
        };
        Progress::Send(messages.iter().map(write).collect())
    }
}

impl Ceremony for Sign {
    type Outcome = Signature;

    fn advance(&mut self, inbox: &Inbox) -> Step {
        match replace(&mut self.state, State::Over) {
            State::Fresh => self.begin(inbox),
            State::Round1(own, kept) => self.multiply(own, kept, inbox),
            State::Round2(own, kept) => self.release(own, kept, inbox),
            State::Round3(x_hex, own) => self.assemble(&x_hex, own, inbox),
            State::Over => Err(Fault::usage("ceremony is over")),
        }
    }
}

/// Rule 13: the quorum was fixed at key generation; returns it sorted.
fn check_quorum(share: &Share, signers: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut quorum = signers.to_vec();
    quorum.sort_unstable();
    quorum.dedup();
    let known = quorum.iter().all(|&p| (1..=share.parties()).contains(&p));
    if quorum.len() != signers.len()
        || quorum.len() != usize::from(share.threshold())
        || !known
        || !quorum.contains(&share.party())
    {
        return Err(Fault::usage(
            "signers are exactly `threshold` distinct parties, this one among them",
        ));
    }
    Ok(quorum)
}

fn write_hex(bytes: &mut [u8], hex: &str) -> Result<(), Fault> {
    let wrong = || Fault::recoverable(None, "the signature is not 32-byte hexadecimal");
    if hex.len() != 2 * bytes.len() {
        return Err(wrong());
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        let digits = hex.get(2 * place..2 * place + 2).ok_or_else(wrong)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(())
}
