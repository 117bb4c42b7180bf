//! Opaque secrets: shares, sealing keys, recovery keys and what they recover.
use super::{detached, refuse_copy};
use crate::{backup, ecdsa, seal};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;
use zeroize::Zeroizing;

/// One party's share of an ECDSA key. Its content never reaches Python.
#[pyclass(frozen, module = "strongroom_threshold")]
pub struct EcdsaShare(pub Arc<ecdsa::share::Share>);

impl EcdsaShare {
    pub fn new(share: ecdsa::share::Share) -> Self {
        Self(Arc::new(share))
    }
}

#[pymethods]
impl EcdsaShare {
    /// This party's number, from 1.
    #[getter]
    fn party(&self) -> u8 {
        self.0.party()
    }

    /// How many parties sign.
    #[getter]
    fn threshold(&self) -> u8 {
        self.0.threshold()
    }

    /// How many parties hold a share.
    #[getter]
    fn parties(&self) -> u8 {
        self.0.parties()
    }

    /// 33 bytes, compressed.
    #[getter]
    fn public_key<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.public_key())
    }

    /// 32 bytes (BIP-32).
    #[getter]
    fn chain_code<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.chain_code())
    }

    /// 32 bytes: what every party of the key generation saw alike.
    #[getter]
    fn transcript_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.transcript_hash())
    }

    /// The share of a non-hardened BIP-32 child of the root key, such as `m/44/60/0/0/7`.
    fn derive(&self, py: Python<'_>, path: &str) -> PyResult<Self> {
        detached(py, || self.0.derive(path)).map(Self::new)
    }

    /// AES-256-GCM over the root share, with a versioned header.
    fn seal<'py>(
        &self,
        py: Python<'py>,
        key: &SealingKey,
        associated_data: &[u8],
    ) -> PyResult<Bound<'py, PyBytes>> {
        let blob = detached(py, || self.0.seal(&key.0, associated_data))?;
        Ok(PyBytes::new(py, &blob))
    }

    /// Opens what `seal` made: same key, same associated data, not one bit changed.
    #[staticmethod]
    fn unseal(
        py: Python<'_>,
        key: &SealingKey,
        associated_data: &[u8],
        blob: &[u8],
    ) -> PyResult<Self> {
        detached(py, || {
            ecdsa::share::Share::unseal(blob, &key.0, associated_data)
        })
        .map(Self::new)
    }

    /// Seals the root share to the 32-byte X25519 public key of its holder's offline recovery key.
    fn back_up<'py>(
        &self,
        py: Python<'py>,
        recovery_public_key: &[u8],
        associated_data: &[u8],
    ) -> PyResult<Bound<'py, PyBytes>> {
        let blob = detached(py, || self.0.back_up(recovery_public_key, associated_data))?;
        Ok(PyBytes::new(py, &blob))
    }

    /// Opens what `back_up` made: the holder's recovery key, same associated data, not one bit changed.
    #[staticmethod]
    fn open_backup(
        py: Python<'_>,
        key: &RecoveryKey,
        associated_data: &[u8],
        blob: &[u8],
    ) -> PyResult<Self> {
        detached(py, || {
            ecdsa::share::Share::open_backup(blob, &key.0, associated_data)
        })
        .map(Self::new)
    }

    fn __reduce_ex__(&self, _protocol: i32) -> PyResult<()> {
        refuse_copy()
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_copy()
    }

    fn __repr__(&self) -> &'static str {
        "<EcdsaShare>"
    }
}

/// A 32-byte AES-256-GCM key, wiped on drop.
#[pyclass(frozen, module = "strongroom_threshold")]
pub struct SealingKey(seal::SealingKey);

#[pymethods]
impl SealingKey {
    /// Takes exactly 32 bytes, not all zero. A caller that can passes a bytearray and wipes it afterwards.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, key: Vec<u8>) -> PyResult<Self> {
        let key = Zeroizing::new(key);
        detached(py, || seal::SealingKey::from_bytes(&key)).map(Self)
    }

    fn __reduce_ex__(&self, _protocol: i32) -> PyResult<()> {
        refuse_copy()
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_copy()
    }

    fn __repr__(&self) -> &'static str {
        "<SealingKey>"
    }
}

/// The private half of an offline recovery key (X25519), wiped on drop.
#[pyclass(frozen, module = "strongroom_threshold")]
pub struct RecoveryKey(backup::RecoveryKey);

#[pymethods]
impl RecoveryKey {
    /// Takes exactly 32 bytes, not all zero. A caller that can passes a bytearray and wipes it afterwards.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, key: Vec<u8>) -> PyResult<Self> {
        let key = Zeroizing::new(key);
        detached(py, || backup::RecoveryKey::from_bytes(&key)).map(Self)
    }

    /// 32 bytes: what a share is sealed to.
    #[getter]
    fn public_key<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.public_key())
    }

    fn __reduce_ex__(&self, _protocol: i32) -> PyResult<()> {
        refuse_copy()
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_copy()
    }

    fn __repr__(&self) -> &'static str {
        "<RecoveryKey>"
    }
}

/// The whole private key, on an offline machine, from the shares of a quorum.
#[pyclass(frozen, module = "strongroom_threshold")]
pub struct EcdsaRecovery(ecdsa::recover::Recovered);

#[pymethods]
impl EcdsaRecovery {
    /// Exactly `threshold` root shares of distinct parties, of one key and one epoch.
    #[staticmethod]
    fn from_shares(py: Python<'_>, shares: Vec<Bound<'_, EcdsaShare>>) -> PyResult<Self> {
        let shares: Vec<_> = shares
            .iter()
            .map(|share| Arc::clone(&share.get().0))
            .collect();
        detached(py, || {
            let shares: Vec<_> = shares.iter().map(Arc::as_ref).collect();
            ecdsa::recover::Recovered::from_shares(&shares)
        })
        .map(Self)
    }

    /// 33 bytes, compressed, computed from the private key.
    #[getter]
    fn public_key<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.public_key())
    }

    /// 32 bytes (BIP-32).
    #[getter]
    fn chain_code<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.chain_code())
    }

    /// 33 bytes: the public key of a non-hardened child, computed from the child's private key.
    fn public_key_at<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyBytes>> {
        let key = detached(py, || self.0.public_key_at(path))?;
        Ok(PyBytes::new(py, &key))
    }

    /// The extended private key of the root ("xprv"): the one secret that leaves here, for who asks for it.
    fn reveal_extended_private_key<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let key = detached(py, || Ok(self.0.extended_private_key()))?;
        Ok(PyBytes::new(py, key.as_bytes()))
    }

    fn __reduce_ex__(&self, _protocol: i32) -> PyResult<()> {
        refuse_copy()
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_copy()
    }

    fn __repr__(&self) -> &'static str {
        "<EcdsaRecovery>"
    }
}
