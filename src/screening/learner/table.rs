//! What a site's own decisions have taught: a linear model that learns from one comment after the other.
//!
//! FTRL-proximal with a step size a feature (McMahan and others, "Ad click prediction: a view from the trenches", 2013,
//! algorithm 1), over hashed features that are there or not.

use crate::domain::Features;

/// The size of a table: 2^15 places of 8 bytes, 256 KiB.
pub const BITS: u32 = 15;
/// How large the first steps are (α of the paper).
const STEP: f32 = 0.3;
/// How long the steps stay large (β of the paper).
const SLOW: f32 = 1.0;
/// How much evidence a feature needs before it counts (λ₁ of the paper).
const SPARSE: f32 = 0.05;
/// How weights are drawn towards 0 (λ₂ of the paper).
const SMALL: f32 = 0.5;

/// The weights of a site, as the sums that they follow from.
#[derive(Clone, Debug, PartialEq)]
pub struct Table(Vec<Cell>);

/// A place: the sum of the gradients (less what the weight has moved), and that of their squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cell {
    z: f32,
    n: f32,
}

impl Cell {
    fn weight(self) -> f32 {
        if self.z.abs() <= SPARSE {
            return 0.0;
        }
        let excess = self.z - SPARSE.copysign(self.z);
        -excess / ((SLOW + self.n.sqrt()) / STEP + SMALL)
    }
}

impl Default for Table {
    fn default() -> Self {
        Self(vec![Cell::default(); 1 << BITS])
    }
}

impl Table {
    /// The logarithm of the odds that a comment with these features is spam, of as many spams as honest comments.
    pub fn logit(&self, features: &Features) -> f32 {
        let sum: f32 = features.places().iter().map(|&place| self.weight(place)).sum();
        sum * value(features)
    }

    /// The weight of a place.
    pub fn weight(&self, place: u16) -> f32 {
        self.0.get(usize::from(place)).copied().unwrap_or_default().weight()
    }

    /// Learns that a comment with these features was spam, or was not; `worth`: how much the lesson counts.
    pub fn learn(&mut self, features: &Features, label: Label, worth: f32) {
        let value = value(features);
        let odds = 1.0 / (1.0 + (-self.logit(features)).exp());
        let wanted = if label == Label::Spam { 1.0 } else { 0.0 };
        let gradient = (odds - wanted) * value * worth;
        for &place in features.places() {
            let Some(cell) = self.0.get_mut(usize::from(place)) else { continue };
            let moved = ((cell.n + gradient * gradient).sqrt() - cell.n.sqrt()) / STEP;
            cell.z += gradient - moved * cell.weight();
            cell.n += gradient * gradient;
        }
    }

    /// The places that anything was learnt of, with their two numbers.
    pub fn cells(&self) -> impl Iterator<Item = (u16, f32, f32)> {
        let places = self.0.iter().zip(0u16..);
        places.filter(|(cell, _)| cell.n > 0.0).map(|(cell, place)| (place, cell.z, cell.n))
    }

    /// Puts a place back as [`Table::cells`] told it; `false` for what no learning comes to.
    pub fn put(&mut self, (place, z, n): (u16, f32, f32)) -> bool {
        let Some(cell) = self.0.get_mut(usize::from(place)) else { return false };
        *cell = Cell { z, n };
        z.is_finite() && n.is_finite() && n > 0.0
    }
}

/// What a comment was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Honest.
    Honest,
    /// Spam.
    Spam,
}

/// What each of a comment's features counts: comments of any length weigh about the same.
pub fn value(features: &Features) -> f32 {
    4.0 / (features.places().len().max(1) as f32).sqrt()
}
