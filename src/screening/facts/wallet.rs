//! Addresses of crypto currencies: told from hashes and other long words by their checksum or their form.

use sha2::{Digest, Sha256};

/// The digits of base 58, in the order of their values.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The letters of a bech32 address after its `bc1`.
const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Whether a word is the address of a wallet: Bitcoin, Ethereum or TRON.
pub fn is_wallet(word: &str) -> bool {
    match word.len() {
        42 if word.starts_with("0x") => word[2..].bytes().all(|byte| byte.is_ascii_hexdigit()),
        42 | 62 if word.starts_with("bc1") => word[3..].chars().all(|c| BECH32.contains(c)),
        26..=35 if word.starts_with(['1', '3', 'T']) => has_checksum(word),
        _ => false,
    }
}

/// Whether 25 bytes in base 58 end in the checksum of the others.
fn has_checksum(word: &str) -> bool {
    let mut bytes = [0_u8; 25];
    for letter in word.bytes() {
        let Some(value) = BASE58.iter().position(|&digit| digit == letter) else { return false };
        let mut carry = value;
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = (carry & 0xFF) as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let hash = Sha256::digest(Sha256::digest(&bytes[..21]));
    matches!(bytes[0], 0x00 | 0x05 | 0x41) && hash[..4] == bytes[21..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wallets_are_told_from_hashes() {
        for wallet in [
            "1BitcoinEaterAddressDontSendf59kuE",
            "0x00000000000000000000000000000000DeaDBeef",
            "bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
        ] {
            assert!(is_wallet(wallet), "{wallet}");
        }
        for other in [
            "1BitcoinEaterAddressDontSendf59kuF",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "13800000000000000000000000000",
            "ThisIsALongNameOfAJavaClassInCode1",
        ] {
            assert!(!is_wallet(other), "{other}");
        }
    }
}
