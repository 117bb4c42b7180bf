//! One party's part in a complete refresh: new shares and new multiplication state for the same key, among all
//! parties. Three rounds and an echo, as in key generation, under the same guards.
use super::share::{is_consistent, Share, Stored};
use super::wiped::Wiped;
use super::{
    check_ceremony_id, check_distinct, check_echoes, check_route, index, Curve, PROTOCOL_REFRESH,
};
use crate::envelope::{hash, tag, Envelope};
use crate::fault::Fault;
use crate::session::{Ceremony, Inbox, Outgoing, Progress};
use dkls23_core::protocols::dkg::{
    KeepInitMulPhase3to4, KeepInitZeroSharePhase2to3, KeepInitZeroSharePhase3to4, ProofCommitment,
    TransmitInitMulPhase3to4, TransmitInitZeroSharePhase2to4, TransmitInitZeroSharePhase3to4,
};
use dkls23_core::protocols::PartyIndex;
use dkls23_core::utilities::proofs::DLogProof;
use k256::{AffinePoint, Scalar};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::mem::replace;
use std::sync::Arc;
use zeroize::Zeroizing;

type Step = Result<Progress<Share>, Fault>;
type Commitment = [u8; 32];

/// The first epoch is the key generation's; a refresh makes the second or a later one.
const EPOCH_MIN: u32 = 2;

/// Rule 3: the commitment travels now, its proof in round 3.
#[derive(Serialize, Deserialize)]
struct Message2 {
    commitment: Commitment,
    zero: TransmitInitZeroSharePhase2to4,
}

#[derive(Serialize, Deserialize)]
struct Message3 {
    proof: DLogProof<Curve>,
    zero: TransmitInitZeroSharePhase3to4,
    multiplication: TransmitInitMulPhase3to4<Curve>,
}

struct Round2 {
    correction: Zeroizing<Scalar>,
    proof: ProofCommitment<Curve>,
    zero: Wiped<KeepInitZeroSharePhase2to3>,
}

struct Round3 {
    correction: Zeroizing<Scalar>,
    proof: ProofCommitment<Curve>,
    zero: Wiped<KeepInitZeroSharePhase3to4>,
    multiplication: Wiped<KeepInitMulPhase3to4<Curve>>,
    commitments: BTreeMap<u8, Commitment>,
    zero_received: Vec<TransmitInitZeroSharePhase2to4>,
}

/// What round 3 brought from the others, in the shape the library wants.
struct Received3 {
    proofs: Vec<ProofCommitment<Curve>>,
    zero: Vec<TransmitInitZeroSharePhase3to4>,
    multiplication: Vec<TransmitInitMulPhase3to4<Curve>>,
}

enum State {
    Fresh,
    Round1(Zeroizing<Scalar>),
    Round2(Box<Round2>),
    Round3(Box<Round3>),
    Echo(Box<Share>),
    Over,
}

pub struct Refresh {
    share: Arc<Share>,
    refresh_id: Vec<u8>,
    envelope: Envelope,
    state: State,
}

impl Refresh {
    /// `epoch`: the one that this refresh makes, at least 2; `refresh_id`: at least 32 bytes, used once. The old share
    /// stays as it is: whoever holds it decides when it goes.
    pub fn new(share: Arc<Share>, epoch: u32, refresh_id: &[u8]) -> Result<Self, Fault> {
        check_ceremony_id(refresh_id)?;
        if epoch < EPOCH_MIN {
            return Err(Fault::usage("a refresh makes epoch 2 or a later one"));
        }
        if !share.is_root() {
            return Err(Fault::usage(
                "refresh the root share: children are derived again",
            ));
        }
        let party = share.party();
        let tag = tag(&[
            b"ecdsa refresh",
            &share.stored.party.session_id,
            &share.transcript_hash(),
            &share.public_key(),
            &share.chain_code(),
            &[share.threshold(), share.parties()],
            &epoch.to_be_bytes(),
            refresh_id,
        ]);
        Ok(Self {
            envelope: Envelope {
                protocol: PROTOCOL_REFRESH,
                party,
                peers: (1..=share.parties())
                    .filter(|&peer| peer != party)
                    .collect(),
                tag,
            },
            refresh_id: refresh_id.to_vec(),
            share,
            state: State::Fresh,
        })
    }

    fn begin(&mut self, inbox: &Inbox) -> Step {
        self.envelope.expect_none(inbox)?;
        let fragments = Zeroizing::new(self.share.stored.party.refresh_complete_phase1());
        let fragment = |party: u8| &fragments[usize::from(party) - 1];
        let write = |&to: &u8| (to, self.envelope.write(1, to, fragment(to)));
        let messages: Outgoing = self.envelope.peers.iter().map(write).collect();
        self.state = State::Round1(Zeroizing::new(*fragment(self.envelope.party)));
        Ok(Progress::Send(messages))
    }

    fn commit(&mut self, own: &Scalar, inbox: &Inbox) -> Step {
        let received = self.envelope.read_all::<Scalar>(1, inbox)?;
        let fragments: Zeroizing<Vec<Scalar>> =
            Zeroizing::new(received.into_values().chain([*own]).collect());
        let party = &self.share.stored.party;
        let (correction, proof, zero, zero_messages) =
            party.refresh_complete_phase2(&self.refresh_id, &fragments);
        let write = |zero: TransmitInitZeroSharePhase2to4| {
            let to = zero.parties.receiver.as_u8();
            let message = Message2 {
                commitment: proof.commitment,
                zero,
            };
            (to, self.envelope.write(2, to, &message))
        };
        let messages = zero_messages.into_iter().map(write).collect();
        self.state = State::Round2(Box::new(Round2 {
            correction: Zeroizing::new(correction),
            proof,
            zero: Wiped(zero),
        }));
        Ok(Progress::Send(messages))
    }

    fn reveal(&mut self, kept: Round2, inbox: &Inbox) -> Step {
        let received = self.envelope.read_all::<Message2>(2, inbox)?;
        for (&from, message) in &received {
            check_route(from, self.envelope.party, &message.zero.parties)?;
        }
        let commitment = |message: &Message2| message.commitment;
        check_distinct("commitment", kept.proof.commitment, &received, commitment)?;
        let party = &self.share.stored.party;
        let (zero, zero_messages, multiplication, multiplication_messages) =
            party.refresh_complete_phase3(&self.refresh_id, &kept.zero.0);
        let messages = self.write_round3(&kept.proof, zero_messages, multiplication_messages);
        let (mut commitments, mut zero_received) = (BTreeMap::new(), Vec::new());
        for (from, message) in received {
            commitments.insert(from, message.commitment);
            zero_received.push(message.zero);
        }
        self.state = State::Round3(Box::new(Round3 {
            correction: kept.correction,
            proof: kept.proof,
            zero: Wiped(zero),
            multiplication: Wiped(multiplication),
            commitments,
            zero_received,
        }));
        Ok(Progress::Send(messages))
    }

    fn write_round3(
        &self,
        proof: &ProofCommitment<Curve>,
        zero: Vec<TransmitInitZeroSharePhase3to4>,
        multiplication: Vec<TransmitInitMulPhase3to4<Curve>>,
    ) -> Outgoing {
        let mut zero: BTreeMap<PartyIndex, _> = zero
            .into_iter()
            .map(|message| (message.parties.receiver, message))
            .collect();
        let write = |multiplication: TransmitInitMulPhase3to4<Curve>| {
            let receiver = multiplication.parties.receiver;
            let message = Message3 {
                proof: proof.proof.clone(),
                zero: zero.remove(&receiver).expect("one per peer"),
                multiplication,
            };
            let to = receiver.as_u8();
            (to, self.envelope.write(3, to, &message))
        };
        multiplication.into_iter().map(write).collect()
    }

    fn finish(&mut self, kept: Round3, inbox: &Inbox) -> Step {
        let received = self.read_round3(&kept, inbox)?;
        let old = &self.share.stored;
        let party = old.party.refresh_complete_phase4(
            &self.refresh_id,
            &kept.correction,
            &received.proofs,
            &kept.zero.0,
            &kept.zero_received,
            &received.zero,
            &kept.multiplication.0,
            &received.multiplication,
        )?;
        let public = old
            .public
            .refresh(&self.refresh_id, &received.proofs)
            .map_err(|reason| Fault::recoverable(None, reason.to_string()))?;
        let encoded =
            postcard::to_allocvec(&(&received.proofs, &public)).expect("our own data encodes");
        let transcript_hash = hash(
            "strongroom/threshold/ecdsa-refresh/v1",
            &[
                &self.envelope.tag,
                &old.transcript_hash,
                &self.refresh_id,
                &encoded,
            ],
        );
        let share = Share::new(Stored {
            party,
            public,
            transcript_hash,
        });
        self.check_same_key(&share)?;
        let messages = self.envelope.write_all(4, &transcript_hash);
        self.state = State::Echo(Box::new(share));
        Ok(Progress::Send(messages))
    }

    /// A refresh moves the shares and nothing that an address depends on.
    fn check_same_key(&self, share: &Share) -> Result<(), Fault> {
        let same = share.public_key() == self.share.public_key()
            && share.chain_code() == self.share.chain_code()
            && share.is_root();
        if same && is_consistent(&share.stored) {
            return Ok(());
        }
        Err(Fault::recoverable(None, "the refresh changed the key"))
    }

    fn read_round3(&self, kept: &Round3, inbox: &Inbox) -> Result<Received3, Fault> {
        let received = self.envelope.read_all::<Message3>(3, inbox)?;
        for (&from, message) in &received {
            check_route(from, self.envelope.party, &message.zero.parties)?;
            check_route(from, self.envelope.party, &message.multiplication.parties)?;
        }
        let point = |message: &Message3| message.proof.point;
        check_distinct::<_, AffinePoint>("point", kept.proof.proof.point, &received, point)?;
        let mut all = Received3 {
            proofs: vec![kept.proof.clone()],
            zero: Vec::new(),
            multiplication: Vec::new(),
        };
        for (from, message) in received {
            all.proofs.push(ProofCommitment {
                index: index(from),
                proof: message.proof,
                commitment: kept.commitments[&from],
            });
            all.zero.push(message.zero);
            all.multiplication.push(message.multiplication);
        }
        all.proofs.sort_by_key(|proof| proof.index);
        Ok(all)
    }

    /// Rule 6, as in key generation: a mismatch names nobody.
    fn compare(&self, share: Share, inbox: &Inbox) -> Step {
        let echoes = self.envelope.read_all::<[u8; 32]>(4, inbox)?;
        check_echoes(&echoes, share.transcript_hash())?;
        Ok(Progress::Done(share))
    }
}

impl Ceremony for Refresh {
    type Outcome = Share;

    fn advance(&mut self, inbox: &Inbox) -> Step {
        match replace(&mut self.state, State::Over) {
            State::Fresh => self.begin(inbox),
            State::Round1(own) => self.commit(&own, inbox),
            State::Round2(kept) => self.reveal(*kept, inbox),
            State::Round3(kept) => self.finish(*kept, inbox),
            State::Echo(share) => self.compare(*share, inbox),
            State::Over => Err(Fault::usage("ceremony is over")),
        }
    }
}
