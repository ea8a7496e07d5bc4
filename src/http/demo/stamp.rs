//! The form's stamp: when it was delivered, and a name for it, under a seal that nobody else can make.

use data_encoding::BASE64URL_NOPAD;

use crate::domain::Timestamp;
use crate::service::{Error, SEAL_BYTES, Sealed, Service};

/// How many bytes of chance name a form.
const NONCE_BYTES: usize = 10;

/// How many bytes stand before the seal.
const PLAIN_BYTES: usize = 8 + NONCE_BYTES;

/// A form as it was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    issued: Timestamp,
    nonce: [u8; NONCE_BYTES],
}

impl Stamp {
    /// The stamp of a form that is delivered now, as the form carries it.
    pub fn issue(service: &Service) -> Result<String, Error> {
        let mut stamp = service.now().millis().to_be_bytes().to_vec();
        stamp.extend_from_slice(&service.random()?);
        stamp.extend_from_slice(&service.seal(Sealed::Form, &stamp)?);
        Ok(BASE64URL_NOPAD.encode(&stamp))
    }

    /// Reads what a form brought back; `None` if it is no stamp of ours.
    pub fn read(service: &Service, text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (plain, seal) = bytes.split_first_chunk::<PLAIN_BYTES>()?;
        if seal.len() != SEAL_BYTES || !service.is_sealed(Sealed::Form, plain, seal).ok()? {
            return None;
        }
        let (millis, nonce) = plain.split_first_chunk::<8>()?;
        let issued = Timestamp::from_millis(i64::from_be_bytes(*millis));
        Some(Self { issued, nonce: nonce.try_into().ok()? })
    }

    /// Milliseconds since it was delivered. After a day they tell nothing any more.
    pub fn age(&self, now: Timestamp) -> Option<u64> {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        u64::try_from(now.millis() - self.issued.millis()).ok().filter(|age| *age <= DAY)
    }

    /// What names this one delivery.
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }
}
