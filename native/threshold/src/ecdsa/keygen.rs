//! One party's part in a distributed key generation: three rounds and an echo, among all parties.
use super::share::{Share, Stored};
use super::wiped::Wiped;
use super::{
    check_ceremony_id, check_distinct, check_echoes, check_route, index, Curve, PROTOCOL_KEYGEN,
};
use crate::envelope::{hash, tag, Envelope};
use crate::fault::Fault;
use crate::session::{Ceremony, Inbox, Outgoing, Progress};
use dkls23_core::protocols::dkg::{self, *};
use dkls23_core::protocols::{Parameters, PartyIndex};
use dkls23_core::utilities::proofs::DLogProof;
use k256::{AffinePoint, Scalar};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::mem::replace;
use zeroize::Zeroizing;

type Step = Result<Progress<Share>, Fault>;
type Commitment = [u8; 32];

/// Rule 3: the commitment travels now, its proof in round 3.
#[derive(Serialize, Deserialize)]
struct Message2 {
    commitment: Commitment,
    zero: TransmitInitZeroSharePhase2to4,
    chain: BroadcastDerivationPhase2to4,
}

#[derive(Serialize, Deserialize)]
struct Message3 {
    proof: DLogProof<Curve>,
    zero: TransmitInitZeroSharePhase3to4,
    multiplication: TransmitInitMulPhase3to4<Curve>,
    chain: BroadcastDerivationPhase3to4,
}

struct Round2 {
    point: Zeroizing<Scalar>,
    proof: ProofCommitment<Curve>,
    zero: Wiped<KeepInitZeroSharePhase2to3>,
    chain_kept: UniqueKeepDerivationPhase2to3,
    chain: BroadcastDerivationPhase2to4,
}

struct Round3 {
    point: Zeroizing<Scalar>,
    proof: ProofCommitment<Curve>,
    zero: Wiped<KeepInitZeroSharePhase3to4>,
    multiplication: Wiped<KeepInitMulPhase3to4<Curve>>,
    chain: BroadcastDerivationPhase3to4,
    commitments: BTreeMap<u8, Commitment>,
    zero_received: Vec<TransmitInitZeroSharePhase2to4>,
    chain_received: BTreeMap<PartyIndex, BroadcastDerivationPhase2to4>,
}

/// What round 3 brought from the others, in the shape the library wants.
struct Received3 {
    proofs: Vec<ProofCommitment<Curve>>,
    zero: Vec<TransmitInitZeroSharePhase3to4>,
    multiplication: Vec<TransmitInitMulPhase3to4<Curve>>,
    chain: BTreeMap<PartyIndex, BroadcastDerivationPhase3to4>,
}

enum State {
    Fresh,
    Round1(Zeroizing<Scalar>),
    Round2(Box<Round2>),
    Round3(Box<Round3>),
    Echo(Box<Share>),
    Over,
}

pub struct Keygen {
    data: SessionData,
    envelope: Envelope,
    state: State,
}

impl Keygen {
    /// `threshold` of `parties`, both fixed for the key's life; `party` counts from 1; `session_id` at least 32 bytes.
    pub fn new(threshold: u8, parties: u8, party: u8, session_id: &[u8]) -> Result<Self, Fault> {
        check_ceremony_id(session_id)?;
        let parameters = Parameters::new(threshold, parties)
            .map_err(|_| Fault::usage("2 <= threshold <= parties"))?;
        if !(1..=parties).contains(&party) {
            return Err(Fault::usage("1 <= party <= parties"));
        }
        Ok(Self {
            envelope: Envelope {
                protocol: PROTOCOL_KEYGEN,
                party,
                peers: (1..=parties).filter(|&peer| peer != party).collect(),
                tag: tag(&[b"ecdsa keygen", &[threshold, parties], session_id]),
            },
            data: SessionData {
                parameters,
                party_index: index(party),
                session_id: session_id.to_vec(),
            },
            state: State::Fresh,
        })
    }

    fn begin(&mut self, inbox: &Inbox) -> Step {
        self.envelope.expect_none(inbox)?;
        let fragments = Zeroizing::new(dkg::phase1::<Curve>(&self.data));
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
        let (point, proof, zero, zero_messages, chain_kept, chain) =
            dkg::phase2::<Curve>(&self.data, &fragments);
        let write = |zero: TransmitInitZeroSharePhase2to4| {
            let to = zero.parties.receiver.as_u8();
            let message = Message2 {
                commitment: proof.commitment,
                zero,
                chain: chain.clone(),
            };
            (to, self.envelope.write(2, to, &message))
        };
        let messages = zero_messages.into_iter().map(write).collect();
        self.state = State::Round2(Box::new(Round2 {
            point: Zeroizing::new(point),
            proof,
            zero: Wiped(zero),
            chain_kept,
            chain,
        }));
        Ok(Progress::Send(messages))
    }

    fn reveal(&mut self, kept: Round2, inbox: &Inbox) -> Step {
        let received = self.envelope.read_all::<Message2>(2, inbox)?;
        self.check_round2(&kept, &received)?;
        let (zero, zero_messages, multiplication, multiplication_messages, chain) =
            dkg::phase3::<Curve>(&self.data, &kept.zero.0, &kept.chain_kept);
        let messages =
            self.write_round3(&kept.proof, zero_messages, multiplication_messages, &chain);
        let mut chain_received = BTreeMap::from([(self.data.party_index, kept.chain)]);
        let (mut commitments, mut zero_received) = (BTreeMap::new(), Vec::new());
        for (from, message) in received {
            commitments.insert(from, message.commitment);
            chain_received.insert(index(from), message.chain);
            zero_received.push(message.zero);
        }
        self.state = State::Round3(Box::new(Round3 {
            point: kept.point,
            proof: kept.proof,
            zero: Wiped(zero),
            multiplication: Wiped(multiplication),
            chain,
            commitments,
            zero_received,
            chain_received,
        }));
        Ok(Progress::Send(messages))
    }

    fn check_round2(&self, kept: &Round2, received: &BTreeMap<u8, Message2>) -> Result<(), Fault> {
        for (&from, message) in received {
            check_route(from, self.envelope.party, &message.zero.parties)?;
            check_sender(from, message.chain.sender_index)?;
        }
        let commitment = |message: &Message2| message.commitment;
        check_distinct("commitment", kept.proof.commitment, received, commitment)?;
        let chain_commitment = |message: &Message2| message.chain.cc_commitment;
        check_distinct(
            "chain-code commitment",
            kept.chain.cc_commitment,
            received,
            chain_commitment,
        )
    }

    fn write_round3(
        &self,
        proof: &ProofCommitment<Curve>,
        zero: Vec<TransmitInitZeroSharePhase3to4>,
        multiplication: Vec<TransmitInitMulPhase3to4<Curve>>,
        chain: &BroadcastDerivationPhase3to4,
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
                chain: chain.clone(),
            };
            let to = receiver.as_u8();
            (to, self.envelope.write(3, to, &message))
        };
        multiplication.into_iter().map(write).collect()
    }

    fn finish(&mut self, kept: Round3, inbox: &Inbox) -> Step {
        let received = self.read_round3(&kept, inbox)?;
        let (party, public) = dkg::phase4::<Curve>(
            &self.data,
            &kept.point,
            &received.proofs,
            &kept.zero.0,
            &kept.zero_received,
            &received.zero,
            &kept.multiplication.0,
            &received.multiplication,
            &kept.chain_received,
            &received.chain,
            |_| String::new(),
        )?;
        let encoded = postcard::to_allocvec(&(
            &received.proofs,
            &kept.chain_received,
            &received.chain,
            &public,
        ))
        .expect("our own data encodes");
        let transcript_hash = hash(
            "strongroom/threshold/ecdsa-keygen/v1",
            &[&self.envelope.tag, &self.data.session_id, &encoded],
        );
        let messages = self.envelope.write_all(4, &transcript_hash);
        self.state = State::Echo(Box::new(Share::new(Stored {
            party,
            public,
            transcript_hash,
        })));
        Ok(Progress::Send(messages))
    }

    fn read_round3(&self, kept: &Round3, inbox: &Inbox) -> Result<Received3, Fault> {
        let received = self.envelope.read_all::<Message3>(3, inbox)?;
        for (&from, message) in &received {
            check_route(from, self.envelope.party, &message.zero.parties)?;
            check_route(from, self.envelope.party, &message.multiplication.parties)?;
            check_sender(from, message.chain.sender_index)?;
        }
        let point = |message: &Message3| message.proof.point;
        check_distinct::<_, AffinePoint>("point", kept.proof.proof.point, &received, point)?;
        let mut all = Received3 {
            proofs: vec![kept.proof.clone()],
            zero: Vec::new(),
            multiplication: Vec::new(),
            chain: BTreeMap::from([(self.data.party_index, kept.chain.clone())]),
        };
        for (from, message) in received {
            all.proofs.push(ProofCommitment {
                index: index(from),
                proof: message.proof,
                commitment: kept.commitments[&from],
            });
            all.zero.push(message.zero);
            all.multiplication.push(message.multiplication);
            all.chain.insert(index(from), message.chain);
        }
        all.proofs.sort_by_key(|proof| proof.index);
        Ok(all)
    }

    /// Rule 6: everything that had to be the same for all parties was the same.
    fn compare(&self, share: Share, inbox: &Inbox) -> Step {
        let echoes = self.envelope.read_all::<[u8; 32]>(4, inbox)?;
        check_echoes(&echoes, share.transcript_hash())?;
        Ok(Progress::Done(share))
    }
}

impl Ceremony for Keygen {
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

fn check_sender(from: u8, inner: PartyIndex) -> Result<(), Fault> {
    if inner.as_u8() != from {
        return Err(Fault::malformed(from, "chain code of another party"));
    }
    Ok(())
}
