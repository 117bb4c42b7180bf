//! Sessions: `step(messages) -> messages | result`.
use super::share::EcdsaShare;
use super::{detached, digest_of, raise, refuse_copy};
use crate::ecdsa::keygen::Keygen;
use crate::ecdsa::refresh::Refresh;
use crate::ecdsa::sign::Sign;
use crate::fault::Fault;
use crate::session::{Ceremony, Progress, Session};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

type Inbox = BTreeMap<u8, PyBackedBytes>;

/// A session behind a lock: two threads that step it at once take turns, and the second finds the round gone.
struct Shared<C: Ceremony>(Mutex<Session<C>>);

impl<C: Ceremony> Shared<C>
where
    C::Outcome: Send,
{
    fn new(ceremony: C) -> Self {
        Self(Mutex::new(Session::new(ceremony)))
    }

    fn lock(&self) -> MutexGuard<'_, Session<C>> {
        self.0
            .lock()
            .expect("steps are guarded, so no panic while held")
    }

    fn round(&self, py: Python<'_>) -> u8 {
        py.detach(|| self.lock().round())
    }

    fn step(
        &self,
        py: Python<'_>,
        messages: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Progress<C::Outcome>> {
        let given = messages.map_or(Ok(Inbox::new()), |given| given.extract::<Inbox>());
        let Ok(inbox) = given else {
            let fault = Fault::usage("messages are a dict of party number to bytes");
            return Err(raise(py, py.detach(|| self.lock().end(fault))));
        };
        let view = inbox
            .iter()
            .map(|(&from, message)| (from, &**message))
            .collect();
        let progress = py.detach(|| self.lock().step(&view));
        progress.map_err(|fault| raise(py, fault))
    }
}

/// A count or party number, or a usage error.
fn number(value: i64) -> Result<u8, Fault> {
    value
        .try_into()
        .map_err(|_| Fault::usage("party numbers and counts are at most 255"))
}

fn to_dict<'py>(py: Python<'py>, messages: BTreeMap<u8, Vec<u8>>) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    for (to, message) in messages {
        dict.set_item(to, PyBytes::new(py, &message))?;
    }
    Ok(dict.into_any())
}

/// One party's part in a key generation: five steps, four rounds of messages, then its `EcdsaShare`.
#[pyclass(frozen, module = "strongroom_threshold")]
pub struct EcdsaKeygen(Shared<Keygen>);

#[pymethods]
impl EcdsaKeygen {
    #[new]
    fn new(
        py: Python<'_>,
        threshold: i64,
        parties: i64,
        party: i64,
        session_id: &[u8],
    ) -> PyResult<Self> {
        detached(py, || {
            let [threshold, parties, party] = [threshold, parties, party].map(number);
            Keygen::new(threshold?, parties?, party?, session_id)
        })
        .map(|ceremony| Self(Shared::new(ceremony)))
    }

    /// The round whose messages are awaited; 0 before the first step.
    #[getter]
    fn round(&self, py: Python<'_>) -> u8 {
        self.0.round(py)
    }

    /// Messages by sender in, messages by receiver out, or the share at the end. Any error ends the session.
    #[pyo3(signature = (messages=None))]
    fn step<'py>(
        &self,
        py: Python<'py>,
        messages: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.0.step(py, messages)? {
            Progress::Send(messages) => to_dict(py, messages),
            Progress::Done(share) => Ok(Bound::new(py, EcdsaShare::new(share))?.into_any()),
        }
    }

    fn __reduce_ex__(&self, _protocol: i32) -> PyResult<()> {
        refuse_copy()
    }
}

/// One party's part in a complete refresh: five steps, four rounds of messages, then its new `EcdsaShare`.
#[pyclass(frozen, module = "strongroom_threshold")]
pub struct EcdsaRefresh(Shared<Refresh>);

#[pymethods]
impl EcdsaRefresh {
    #[new]
    fn new(py: Python<'_>, share: &EcdsaShare, epoch: i64, refresh_id: &[u8]) -> PyResult<Self> {
        let share = Arc::clone(&share.0);
        detached(py, || {
            let epoch =
                u32::try_from(epoch).map_err(|_| Fault::usage("an epoch is a 32-bit number"))?;
            Refresh::new(share, epoch, refresh_id)
        })
        .map(|ceremony| Self(Shared::new(ceremony)))
    }

    /// The round whose messages are awaited; 0 before the first step.
    #[getter]
    fn round(&self, py: Python<'_>) -> u8 {
        self.0.round(py)
    }

    /// Messages by sender in, messages by receiver out, or the new share at the end. Any error ends the session.
    #[pyo3(signature = (messages=None))]
    fn step<'py>(
        &self,
        py: Python<'py>,
        messages: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.0.step(py, messages)? {
            Progress::Send(messages) => to_dict(py, messages),
            Progress::Done(share) => Ok(Bound::new(py, EcdsaShare::new(share))?.into_any()),
        }
    }

    fn __reduce_ex__(&self, _protocol: i32) -> PyResult<()> {
        refuse_copy()
    }
}

/// One party's part in a signature: four steps, three rounds of messages, then 65 bytes (r, s, recovery id).
#[pyclass(frozen, module = "strongroom_threshold")]
pub struct EcdsaSign(Shared<Sign>);

#[pymethods]
impl EcdsaSign {
    #[new]
    fn new(
        py: Python<'_>,
        share: &EcdsaShare,
        signers: Vec<i64>,
        digest: &[u8],
        sign_id: &[u8],
    ) -> PyResult<Self> {
        let share = Arc::clone(&share.0);
        detached(py, || {
            let signers: Result<Vec<u8>, Fault> = signers.into_iter().map(number).collect();
            Sign::new(share, &signers?, digest_of(digest)?, sign_id)
        })
        .map(|ceremony| Self(Shared::new(ceremony)))
    }

    /// The round whose messages are awaited; 0 before the first step.
    #[getter]
    fn round(&self, py: Python<'_>) -> u8 {
        self.0.round(py)
    }

    /// Messages by sender in, messages by receiver out, or the signature at the end. Any error ends the session.
    #[pyo3(signature = (messages=None))]
    fn step<'py>(
        &self,
        py: Python<'py>,
        messages: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.0.step(py, messages)? {
            Progress::Send(messages) => to_dict(py, messages),
            Progress::Done(signature) => Ok(PyBytes::new(py, &signature).into_any()),
        }
    }

    fn __reduce_ex__(&self, _protocol: i32) -> PyResult<()> {
        refuse_copy()
    }
}
