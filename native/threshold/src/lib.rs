//! Threshold signing for Strongroom's co-signers, as messages in and messages out.
//!
//! A *ceremony* is one party's part in one run of a protocol: key generation, refresh or a signature. It does no
//! input or output, keeps no clock and knows no peer but by number. [`session::Session`] drives it and makes
//! sure that any error, or a panic, ends it. `python` is only glue.
#![forbid(unsafe_code)]

pub mod backup;
pub mod ecdsa;
pub mod envelope;
pub mod fault;
pub mod guard;
pub mod seal;
pub mod session;

#[cfg(feature = "python")]
mod python;
