//! Glue: Python in, Python out. No decision is taken here.
mod sessions;
mod share;

use crate::ecdsa::verify::verify;
use crate::fault::Fault;
use crate::guard::{arm_panic, guarded, silence_panics};
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;
use sessions::{EcdsaKeygen, EcdsaRefresh, EcdsaSign};
use share::{EcdsaRecovery, EcdsaShare, RecoveryKey, SealingKey};

pyo3::create_exception!(
    strongroom_threshold,
    ThresholdError,
    PyException,
    "A ceremony, a share or a blob was refused. Attributes: kind ('usage', 'malformed', 'recoverable', 'ban' or \
     'panic'), culprit (party number or None), round, ban (never run another ceremony with the culprit)."
);

fn raise(py: Python<'_>, fault: Fault) -> PyErr {
    let error = ThresholdError::new_err(fault.reason);
    let value = error.value(py);
    let filled = value
        .setattr("kind", fault.kind.word())
        .and_then(|()| value.setattr("culprit", fault.culprit))
        .and_then(|()| value.setattr("round", fault.round))
        .and_then(|()| value.setattr("ban", fault.kind == crate::fault::Kind::Ban));
    filled.err().unwrap_or(error)
}

/// Runs guarded work without the GIL and turns its fault into `ThresholdError`.
fn detached<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Fault> + Send,
) -> PyResult<T> {
    py.detach(|| guarded(work))
        .map_err(|fault| raise(py, fault))
}

/// Secrets and sessions are neither copied nor pickled.
fn refuse_copy<T>() -> PyResult<T> {
    Err(PyTypeError::new_err(
        "secrets are neither copied nor pickled",
    ))
}

/// 32 bytes, or a usage error.
fn digest_of(bytes: &[u8]) -> Result<[u8; 32], Fault> {
    bytes
        .try_into()
        .map_err(|_| Fault::usage("a digest is 32 bytes"))
}

/// True if the 65 bytes (r, s, recovery id) are a low-S signature of the digest under the compressed public key and
/// the recovery id gives back that key.
#[pyfunction]
fn verify_ecdsa(
    py: Python<'_>,
    public_key: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> PyResult<bool> {
    detached(py, || {
        let signature: &[u8; 65] = signature
            .try_into()
            .map_err(|_| Fault::usage("a signature is 65 bytes"))?;
        Ok(verify(public_key, &digest_of(digest)?, signature))
    })
}

/// For tests: the next entry of this thread panics.
#[pyfunction]
fn _arm_panic() {
    arm_panic();
}

#[pymodule]
fn strongroom_threshold(module: &Bound<'_, PyModule>) -> PyResult<()> {
    silence_panics();
    let error = module.py().get_type::<ThresholdError>();
    error.setattr("kind", "usage")?;
    error.setattr("culprit", module.py().None())?;
    error.setattr("round", 0)?;
    error.setattr("ban", false)?;
    module.add("ThresholdError", error)?;
    module.add_class::<EcdsaKeygen>()?;
    module.add_class::<EcdsaRefresh>()?;
    module.add_class::<EcdsaSign>()?;
    module.add_class::<EcdsaShare>()?;
    module.add_class::<SealingKey>()?;
    module.add_class::<RecoveryKey>()?;
    module.add_class::<EcdsaRecovery>()?;
    module.add("MESSAGE_VERSION", crate::envelope::VERSION)?;
    module.add("MESSAGE_HEADER_BYTES", crate::envelope::HEADER_BYTES)?;
    module.add("BLOB_VERSION", crate::seal::VERSION)?;
    module.add("BACKUP_VERSION", crate::backup::VERSION)?;
    module.add_function(wrap_pyfunction!(verify_ecdsa, module)?)?;
    module.add_function(wrap_pyfunction!(_arm_panic, module)?)
}
