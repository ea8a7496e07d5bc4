//! The hash of features. Tables are kept for years under it: another one here would be another memory.

/// What begins every chain.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
/// The multiplier of Steele and Vigna's LXM generators (2021), which spreads low bits well.
const SPREAD: u64 = 0xd134_2543_de82_ef95;

/// A chain of values on its way to a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(u64);

impl Hash {
    /// The chain of a kind of features.
    pub const fn of(kind: u8) -> Self {
        Self(SEED).and(kind as u64)
    }

    /// The chain with one more value.
    #[inline]
    pub const fn and(self, value: u64) -> Self {
        Self((self.0.rotate_left(23) ^ value).wrapping_mul(SPREAD))
    }

    /// The chain with the characters of a text.
    pub fn text(self, text: &str) -> Self {
        text.chars().fold(self, |hash, c| hash.and(c as u64))
    }

    /// The chain as a value of another one.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The feature's place among `2^bits`.
    #[inline]
    pub const fn place(self, bits: u32) -> usize {
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(SPREAD);
        (mixed >> (64 - bits)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_stays_in_its_place_for_years() {
        assert_eq!(Hash::of(1).text("casino").place(15), 29_627);
        assert_eq!(Hash::of(2).text("casino").place(18), 105_887);
    }

    #[test]
    fn features_are_spread_evenly() {
        let mut taken = vec![0; 1 << 10];
        for number in 0..100_000u64 {
            taken[Hash::of(3).and(number).place(10)] += 1;
        }
        // A hundred each; ten standard deviations of chance are another hundred.
        assert!(taken.iter().all(|&count| count < 200), "{:?}", taken.iter().max());
    }
}
