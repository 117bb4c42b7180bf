//! The one error of this crate.

/// What the caller has to do about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The caller used the interface wrongly: nothing was sent or learnt.
    Usage,
    /// The bytes are not a message of this ceremony, round, sender and receiver, or not a blob under this key.
    Malformed,
    /// A check of the protocol failed; a new ceremony with new ids is allowed.
    Recoverable,
    /// A check failed whose answer leaks reusable state: never run another ceremony with the culprit.
    Ban,
    /// Our own code panicked.
    Panic,
}

impl Kind {
    /// The word that Python sees.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Usage => "usage",
            Kind::Malformed => "malformed",
            Kind::Recoverable => "recoverable",
            Kind::Ban => "ban",
            Kind::Panic => "panic",
        }
    }
}

/// A fault: how grave, whose, in which round. `reason` is for people and holds no secret.
#[derive(Debug, Clone)]
pub struct Fault {
    pub kind: Kind,
    pub culprit: Option<u8>,
    pub round: u8,
    pub reason: String,
}

impl Fault {
    pub fn new(kind: Kind, culprit: Option<u8>, reason: impl Into<String>) -> Self {
        Self {
            kind,
            culprit,
            round: 0,
            reason: reason.into(),
        }
    }

    pub fn usage(reason: impl Into<String>) -> Self {
        Self::new(Kind::Usage, None, reason)
    }

    pub fn malformed(culprit: u8, reason: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, Some(culprit), reason)
    }

    pub fn recoverable(culprit: Option<u8>, reason: impl Into<String>) -> Self {
        Self::new(Kind::Recoverable, culprit, reason)
    }
}
