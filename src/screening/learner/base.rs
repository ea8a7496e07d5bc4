//! The base model: what spam looks like on other sites, in one byte a feature.

use sha2::{Digest, Sha256};

use super::looks::{Feature, Part};

/// The size of the table: 2^18 places, 256 KiB.
pub const BITS: u32 = 18;
/// What an asset begins with.
const MAGIC: &[u8; 8] = b"moderato";
/// The form of an asset. Its features are those of [`looks::each`](super::looks::each): what changes there changes this.
const FORM: u8 = 1;
/// How much the text counts beside the shapes: its words together as much as 16 shapes, and so do its runs of characters.
const TEXT: f32 = 4.0;

/// What spam looks like on other sites.
pub struct BaseModel {
    weights: Vec<i8>,
    /// What a byte stands for: small weights are told apart more finely than great ones.
    values: [f32; 256],
    bias: f32,
    version: String,
    made: String,
}

/// A comment's features, as far as the base model knows them, added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    shapes: f32,
    words: (f32, u32),
    grams: (f32, u32),
}

impl BaseModel {
    /// The model that is shipped.
    pub fn shipped() -> Self {
        let shipped = Self::read(include_bytes!("../../../assets/base.model"));
        // A test reads it.
        shipped.unwrap_or_else(Self::empty)
    }

    /// A model that says nothing.
    pub fn empty() -> Self {
        Self::of(&vec![0.0; 1 << BITS], 0.0, "nothing")
    }

    /// A model of these weights, by places; `made` says how.
    pub fn of(weights: &[f64], bias: f64, made: &str) -> Self {
        let greatest = weights.iter().fold(0.0, |most: f64, weight| most.max(weight.abs())) as f32;
        let byte = |weight: &f64| {
            let root = (weight.abs() as f32 / greatest.max(f32::MIN_POSITIVE)).sqrt();
            ((root * 127.0).round() as i8) * if *weight < 0.0 { -1 } else { 1 }
        };
        Self::assemble(weights.iter().map(byte).collect(), (greatest, bias as f32), made.to_owned())
    }

    fn assemble(weights: Vec<i8>, (greatest, bias): (f32, f32), made: String) -> Self {
        let value = |byte: usize| {
            let signed = f32::from(byte as u8 as i8) / 127.0;
            signed * signed.abs() * greatest
        };
        let mut model = Self { weights, values: std::array::from_fn(value), bias, version: String::new(), made };
        let mut version = data_encoding::HEXLOWER.encode(&Sha256::digest(model.write(greatest)));
        version.truncate(8);
        model.version = version;
        model
    }

    /// The model as an asset.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.write(self.values[127])
    }

    fn write(&self, greatest: f32) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(FORM);
        bytes.extend(greatest.to_le_bytes());
        bytes.extend(self.bias.to_le_bytes());
        bytes.extend((self.made.len() as u32).to_le_bytes());
        bytes.extend(self.made.as_bytes());
        bytes.extend(self.weights.iter().map(|weight| *weight as u8));
        bytes
    }

    /// Reads an asset; `None` for anything else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(MAGIC)?.strip_prefix(&[FORM])?;
        let (greatest, bytes) = bytes.split_first_chunk()?;
        let (bias, bytes) = bytes.split_first_chunk()?;
        let (length, bytes) = bytes.split_first_chunk()?;
        let (made, weights) = bytes.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let (greatest, bias) = (f32::from_le_bytes(*greatest), f32::from_le_bytes(*bias));
        let is_whole = weights.len() == 1 << BITS && greatest.is_finite() && greatest >= 0.0 && bias.is_finite();
        let weights = weights.iter().map(|byte| *byte as i8).collect();
        let made = String::from_utf8(made.to_vec()).ok()?;
        is_whole.then(|| Self::assemble(weights, (greatest, bias), made))
    }

    /// Names the model: the first 8 hexadecimal digits of its hash.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How it was made.
    pub fn made(&self) -> &str {
        &self.made
    }

    /// Adds a feature to sums.
    #[inline]
    pub fn add(&self, sums: &mut Sums, feature: &Feature<'_>) {
        match feature.part {
            Part::Shape => sums.shapes += self.value(feature),
            Part::Word => sums.words = (sums.words.0 + self.value(feature), sums.words.1 + 1),
            Part::Gram => sums.grams = (sums.grams.0 + self.value(feature), sums.grams.1 + 1),
            Part::Whose | Part::Pair => {}
        }
    }

    /// What sums come to: the logarithm of the odds that it is spam.
    pub fn logit(&self, sums: &Sums) -> f32 {
        let text = |(sum, count): (f32, u32)| sum * share(count);
        self.bias + sums.shapes + text(sums.words) + text(sums.grams)
    }

    /// What one feature adds to the logit of a comment with these sums.
    pub fn part_of(&self, sums: &Sums, feature: &Feature<'_>) -> f32 {
        match feature.part {
            Part::Shape => self.value(feature),
            Part::Word => self.value(feature) * share(sums.words.1),
            Part::Gram => self.value(feature) * share(sums.grams.1),
            Part::Whose | Part::Pair => 0.0,
        }
    }

    #[inline]
    fn value(&self, feature: &Feature<'_>) -> f32 {
        self.values[usize::from(self.weights[feature.hash.place(BITS)] as u8)]
    }
}

/// What each of so many words, or runs of characters, counts: texts of any length weigh about the same.
pub fn share(count: u32) -> f32 {
    TEXT / (count.max(1) as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_that_is_shipped_can_be_read_and_says_how_it_was_made() {
        let bytes = include_bytes!("../../../assets/base.model");
        let model = BaseModel::read(bytes).unwrap();
        assert!(bytes.len() <= 512 * 1024);
        assert_eq!(model.to_bytes(), bytes);
        assert!(model.made().starts_with("moderato train"), "{}", model.made());
        assert_eq!(model.version(), BaseModel::shipped().version());
    }

    #[test]
    fn what_is_no_asset_is_refused() {
        let bytes = BaseModel::empty().to_bytes();
        for length in [0, 8, 9, 20, bytes.len() - 1] {
            assert!(BaseModel::read(&bytes[..length]).is_none(), "{length}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(BaseModel::read(&longer).is_none());
        let mut foreign = bytes;
        foreign[8] = FORM + 1;
        assert!(BaseModel::read(&foreign).is_none());
    }

    #[test]
    fn small_weights_are_told_apart_more_finely_than_great_ones() {
        let mut weights = vec![0.0; 1 << BITS];
        weights[..4].copy_from_slice(&[2.0, -1.0, 0.01, -0.001]);
        let model = BaseModel::of(&weights, 0.0, "a test");
        let value = |place: usize| model.values[usize::from(model.weights[place] as u8)];
        for (place, within) in [(0, 0.001), (1, 0.02), (2, 0.002), (3, 0.0005)] {
            assert!((f64::from(value(place)) - weights[place]).abs() < within, "{place}: {}", value(place));
        }
    }
}
