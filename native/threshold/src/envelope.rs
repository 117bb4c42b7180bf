//! The envelope of every message: magic, version, protocol, round, sender, receiver, tag, postcard body.
//!
//! The tag binds ceremony id, parameters, quorum, digest and key, so that a message of another ceremony is
//! refused before any protocol work, and before it can look like cheating. Authenticity and secrecy are the
//! business of the channel above (reference 5.3, rules 4 and 5).
use crate::fault::Fault;
use crate::session::{Inbox, Outgoing};
use serde::{de::DeserializeOwned, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Bytes before the body.
pub const HEADER_BYTES: usize = 22;
/// Raised whenever the body of any message changes; co-signers upgrade together.
pub const VERSION: u8 = 1;
const MAGIC: u8 = 0x53;
const MESSAGE_BYTES_MAX: usize = 1 << 20;

pub type Tag = [u8; 16];

/// SHA-256 over a domain and parts, each preceded by its length.
pub fn hash(domain: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha256::new();
    for part in std::iter::once(&domain.as_bytes()).chain(parts) {
        state.update((part.len() as u64).to_be_bytes());
        state.update(part);
    }
    state.finalize().into()
}

/// The tag of a ceremony.
pub fn tag(parts: &[&[u8]]) -> Tag {
    let mut tag = Tag::default();
    tag.copy_from_slice(&hash("strongroom/threshold/tag/v1", parts)[..16]);
    tag
}

/// Which ceremony, and which party of it we are.
pub struct Envelope {
    pub protocol: u8,
    pub party: u8,
    pub peers: Vec<u8>,
    pub tag: Tag,
}

impl Envelope {
    /// A message of `round` to one peer.
    pub fn write<T: Serialize>(&self, round: u8, to: u8, body: &T) -> Vec<u8> {
        let mut message = Vec::with_capacity(256);
        message.extend_from_slice(&[MAGIC, VERSION, self.protocol, round, self.party, to]);
        message.extend_from_slice(&self.tag);
        postcard::to_extend(body, message).expect("our own data encodes")
    }

    /// The same body to every peer.
    pub fn write_all<T: Serialize>(&self, round: u8, body: &T) -> Outgoing {
        self.peers
            .iter()
            .map(|&to| (to, self.write(round, to, body)))
            .collect()
    }

    /// Exactly one message of `round` from each peer, in the order of their numbers.
    pub fn read_all<T: DeserializeOwned>(
        &self,
        round: u8,
        inbox: &Inbox,
    ) -> Result<BTreeMap<u8, T>, Fault> {
        if let Some(stranger) = inbox.keys().find(|from| !self.peers.contains(from)) {
            return Err(Fault::usage(format!(
                "party {stranger} has no part in this"
            )));
        }
        self.peers
            .iter()
            .map(|&from| {
                let message = inbox
                    .get(&from)
                    .ok_or_else(|| Fault::usage(format!("no message from party {from}")))?;
                Ok((from, self.read(round, from, message)?))
            })
            .collect()
    }

    fn read<T: DeserializeOwned>(&self, round: u8, from: u8, message: &[u8]) -> Result<T, Fault> {
        if message.len() < HEADER_BYTES || message.len() > MESSAGE_BYTES_MAX {
            return Err(Fault::malformed(from, "wrong length"));
        }
        let (header, body) = message.split_at(HEADER_BYTES);
        if header[..2] != [MAGIC, VERSION] {
            return Err(Fault::malformed(from, "another message version"));
        }
        if header[2..6] != [self.protocol, round, from, self.party] {
            return Err(Fault::malformed(
                from,
                "not for this protocol, round, sender and receiver",
            ));
        }
        if header[6..] != self.tag {
            return Err(Fault::malformed(from, "message of another ceremony"));
        }
        match postcard::take_from_bytes::<T>(body) {
            Ok((value, [])) => Ok(value),
            Ok(_) => Err(Fault::malformed(from, "bytes after the end")),
            Err(_) => Err(Fault::malformed(from, "undecodable body")),
        }
    }

    /// The first step takes no messages.
    pub fn expect_none(&self, inbox: &Inbox) -> Result<(), Fault> {
        if inbox.is_empty() {
            Ok(())
        } else {
            Err(Fault::usage("the first step takes no messages"))
        }
    }
}
