//! Makes a base model of labelled comments: a logistic regression over hashed features.
//!
//! Solved in its dual form by coordinate descent (Yu, Huang and Lin, "Dual coordinate descent methods for logistic regression
//! and maximum entropy models", 2011), which comes to the same result for the same comments in the same order. Each source
//! with enough of both classes has an offset of its own, which is left out of the model: that one place has more spam than
//! another says nothing of its words.

use std::collections::{BTreeMap, HashMap};

use super::base::{self, BaseModel, share};
use super::looks::{self, Part};
use crate::domain::Hit;
use crate::screening::case::Case;

/// In how many comments a feature must be: what fewer share is somebody's own.
const FEWEST: u32 = 5;
/// How closely the comments are followed (the cost C).
const COST: f64 = 1.0;
/// How often all comments are gone through.
const ROUNDS: usize = 40;
/// How much an offset of a source counts.
const OFFSET: f32 = 3.0;
/// The smallest share of the rarer class of a source with an offset of its own.
const BOTH: f64 = 0.1;

/// A labelled comment's features.
#[derive(Clone, Debug)]
pub struct Example {
    features: Vec<(u32, f32)>,
    is_spam: bool,
    source: String,
}

/// Labelled comments, gathered to train by.
#[derive(Default)]
pub struct Trainer(Vec<Example>);

impl Example {
    /// A comment of a source.
    pub fn of(case: Case<'_>, hits: &[Hit], (is_spam, source): (bool, &str)) -> Self {
        let (mut words, mut grams) = (Vec::new(), Vec::new());
        let mut features: BTreeMap<u32, f32> = BTreeMap::new();
        looks::each(case, hits, |feature| {
            let place = feature.hash.place(base::BITS) as u32;
            match feature.part {
                Part::Shape => *features.entry(place).or_default() += 1.0,
                Part::Word => words.push(place),
                Part::Gram => grams.push(place),
                Part::Whose | Part::Pair => {}
            }
        });
        for places in [words, grams] {
            let each = share(places.len() as u32);
            places.iter().for_each(|place| *features.entry(*place).or_default() += each);
        }
        Self { features: features.into_iter().collect(), is_spam, source: source.to_owned() }
    }
}

impl Trainer {
    /// Adds a comment.
    pub fn add(&mut self, example: Example) {
        self.0.push(example);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The model; `made` says how.
    pub fn train(mut self, made: &str) -> BaseModel {
        let places = 1 << base::BITS;
        let mut counts = vec![0u32; places];
        self.0.iter().flat_map(|example| &example.features).for_each(|(place, _)| counts[*place as usize] += 1);
        let offsets = self.offsets();
        for Example { features, source, .. } in &mut self.0 {
            features.retain(|(place, _)| counts[*place as usize] >= FEWEST);
            features.push((places as u32, 1.0));
            if let Some(offset) = offsets.get(source) {
                features.push((places as u32 + 1 + offset, OFFSET));
            }
        }
        let weights = solve(&self.0, places + 1 + offsets.len());
        BaseModel::of(&weights[..places], weights[places], made)
    }

    /// The sources with offsets of their own, numbered.
    fn offsets(&self) -> HashMap<String, u32> {
        let mut counts: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
        for example in &self.0 {
            counts.entry(&example.source).or_default()[usize::from(example.is_spam)] += 1;
        }
        let both = |[honest, spam]: &[u32; 2]| f64::from(*honest.min(spam)) >= BOTH * f64::from(honest + spam);
        let sources = counts.iter().filter(|(_, counts)| both(counts)).map(|(source, _)| (*source).to_owned());
        sources.zip(0..).collect()
    }
}

/// The weights of a logistic regression with squared weights as penalty.
fn solve(examples: &[Example], places: usize) -> Vec<f64> {
    let signs: Vec<f64> = examples.iter().map(|example| if example.is_spam { 1.0 } else { -1.0 }).collect();
    let squares = |example: &Example| example.features.iter().map(|(_, x)| f64::from(x * x)).sum::<f64>();
    let squares: Vec<f64> = examples.iter().map(squares).collect();
    let mut alphas = vec![COST * 1e-6; examples.len()];
    let mut weights = vec![0.0; places];
    let add = |weights: &mut Vec<f64>, example: &Example, by: f64| {
        example.features.iter().for_each(|(place, x)| weights[*place as usize] += by * f64::from(*x));
    };
    for (place, example) in examples.iter().enumerate() {
        add(&mut weights, example, signs[place] * alphas[place]);
    }
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut chance = Chance(0x6d6f_6465_7261_746f);
    for _ in 0..ROUNDS {
        chance.shuffle(&mut order);
        for &place in &order {
            let example = &examples[place];
            let margin: f64 = example.features.iter().map(|(at, x)| weights[*at as usize] * f64::from(*x)).sum();
            let was = alphas[place];
            let now = step(was, squares[place], signs[place] * margin);
            alphas[place] = now;
            add(&mut weights, example, signs[place] * (now - was));
        }
    }
    weights
}

/// The best value of one example's dual variable, all others as they are: the root of a function that grows everywhere, by
/// Newton's method kept within bounds by halving.
fn step(was: f64, square: f64, margin: f64) -> f64 {
    let (mut low, mut high) = (0.0, COST);
    let mut value = was;
    for _ in 0..60 {
        let slope_at = square * (value - was) + margin + (value / (COST - value)).ln();
        if slope_at.abs() < 1e-6 {
            break;
        }
        if slope_at > 0.0 {
            high = value
        } else {
            low = value
        }
        let newton = value - slope_at / (square + COST / (value * (COST - value)));
        value = if newton > low && newton < high { newton } else { (low + high) / 2.0 };
        value = value.clamp(COST * 1e-9, COST * (1.0 - 1e-9));
    }
    value
}

/// Numbers without an order (xorshift64*, Vigna 2016), the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, (self.next() % (last as u64 + 1)) as usize);
        }
    }
}
