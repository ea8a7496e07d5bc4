//! Seals: short proofs that this store's service made something, under the store's secret.

use hmac::Mac;
use subtle::ConstantTimeEq;

use super::{Error, Service};
use crate::domain::Fingerprint;

/// How many bytes a seal has: 128 bits.
pub const SEAL_BYTES: usize = 16;

/// What is sealed. The seal of one kind fits no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// A commenter's status token.
    Status,
    /// A form as it was delivered.
    Form,
    /// What an idempotency key was used for.
    Use,
}

impl Sealed {
    /// Stands before what is sealed. The hashes of persons under the same secret begin with a length of eight bytes, the
    /// first of which is 0; so what is hashed here is never what is hashed there.
    fn label(self) -> &'static [u8] {
        match self {
            Sealed::Status => b"moderato status\n",
            Sealed::Form => b"moderato form\n",
            Sealed::Use => b"moderato use\n",
        }
    }
}

impl Service {
    /// The seal of these bytes.
    pub fn seal(&self, what: Sealed, bytes: &[u8]) -> Result<[u8; SEAL_BYTES], Error> {
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(&self.mac(what, bytes)?[..SEAL_BYTES]);
        Ok(seal)
    }

    /// A request's fingerprint as an idempotency key remembers it. That outlives the comment: without the secret, nobody can
    /// try out by it what an erased comment said.
    pub(super) fn use_of(&self, request: &Fingerprint) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::new(self.mac(Sealed::Use, request.as_str().as_bytes())?))
    }

    /// Whether this is the seal of these bytes; compared in constant time.
    pub fn is_sealed(&self, what: Sealed, bytes: &[u8], seal: &[u8]) -> Result<bool, Error> {
        Ok(self.seal(what, bytes)?.ct_eq(seal).into())
    }

    fn mac(&self, what: Sealed, bytes: &[u8]) -> Result<[u8; 32], Error> {
        let mut mac = self.hasher()?;
        mac.update(what.label());
        mac.update(bytes);
        Ok(mac.finalize().into_bytes().into())
    }
}
