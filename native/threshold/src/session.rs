//! A session drives one ceremony and ends it for good on any error.
use crate::fault::Fault;
use crate::guard::guarded;
use std::collections::BTreeMap;

/// Messages to send, by receiver.
pub type Outgoing = BTreeMap<u8, Vec<u8>>;
/// Messages received, by the sender that the channel authenticated.
pub type Inbox<'a> = BTreeMap<u8, &'a [u8]>;

pub enum Progress<T> {
    Send(Outgoing),
    Done(T),
}

pub trait Ceremony: Send {
    type Outcome;
    /// One round: takes exactly the messages of the round before (none the first time).
    fn advance(&mut self, inbox: &Inbox) -> Result<Progress<Self::Outcome>, Fault>;
}

/// One party's part in one ceremony. Kept state is single use: it is dropped, and wiped, with the ceremony.
pub struct Session<C: Ceremony> {
    ceremony: Option<C>,
    round: u8,
}

impl<C: Ceremony> Session<C> {
    pub fn new(ceremony: C) -> Self {
        Self {
            ceremony: Some(ceremony),
            round: 0,
        }
    }

    /// The round whose messages this party has sent and now waits for; 0 before the first step.
    pub fn round(&self) -> u8 {
        self.round
    }

    /// One step. Whatever fails, a panic included, ends the session: later steps are usage errors.
    pub fn step(&mut self, inbox: &Inbox) -> Result<Progress<C::Outcome>, Fault> {
        let advanced = guarded(|| {
            let mut ceremony = self
                .ceremony
                .take()
                .ok_or_else(|| Fault::usage("ceremony is over"))?;
            let progress = ceremony.advance(inbox)?;
            Ok((ceremony, progress))
        });
        let (ceremony, progress) = advanced.map_err(|fault| self.end(fault))?;
        if matches!(progress, Progress::Send(_)) {
            self.ceremony = Some(ceremony);
            self.round += 1;
        }
        Ok(progress)
    }

    /// Ends the session and says in which round.
    pub fn end(&mut self, fault: Fault) -> Fault {
        self.ceremony = None;
        Fault {
            round: self.round,
            ..fault
        }
    }
}
