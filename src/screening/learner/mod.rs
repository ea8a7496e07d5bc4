//! The learner: what people decided of earlier comments, applied to the next one. Over a base model that other sites' comments
//! made, each site has a table of its own, which grows into its place as decisions come.

mod base;
mod explain;
mod hash;
mod ledger;
mod looks;
mod site;
mod table;
mod train;

pub use base::BaseModel;
pub use ledger::{Ledger, Record};
pub use site::SiteLearner;
pub use train::{Example, Trainer};

use super::case::Case;
use base::Sums;
use hash::Hash;
use looks::Part;

use crate::domain::{Features, Hit};

/// The rule that the learner's opinion stands under.
pub const RULE: &str = "learned_spam";

/// Everything learnt that bears on a comment of one site.
#[derive(Clone, Copy)]
pub struct Learnt<'a> {
    /// What other sites' comments taught.
    pub base: &'a BaseModel,
    /// What the site's own decisions taught, if any did.
    pub site: Option<&'a SiteLearner>,
}

/// What a comment looks like to the learner, and what it makes of that.
pub struct Look {
    /// The features that the site learns from, if somebody decides.
    pub features: Features,
    sums: Sums,
    base: f32,
}

/// What the learner makes of a comment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// The logarithm of the odds that it is spam, as far as the learner dares to say.
    pub logit: f32,
    /// How much of the most points it may give: less while the site has taught little.
    share_of_most: f32,
    /// The logit at which half of that is given.
    half: f32,
    /// How much of it comes from the base model, and from the site.
    shares: (f32, f32),
}

/// How much of the most points may be taken off.
const TRUST: f32 = 2.0 / 3.0;
/// How many features are gathered for the site's table, which takes the first of them that differ.
const ENOUGH: usize = 600;
/// How much of the most points the base model gives by itself.
const SHARE_OF_BASE: f32 = 0.5;
/// The logit at which half of the most points is given, where the base model speaks.
const HALF_OF_BASE: f32 = 3.0;
/// The same where the site speaks that has taught a great deal.
const HALF: f32 = 1.0;

impl Learnt<'_> {
    /// Looks at a comment.
    pub fn look(&self, case: Case<'_>, hits: &[Hit]) -> Look {
        let mut sums = Sums::default();
        let mut places = Vec::with_capacity(512);
        looks::each(case, hits, |feature| {
            self.base.add(&mut sums, &feature);
            if feature.part != Part::Gram && places.len() < ENOUGH {
                places.push(place_of(feature.hash));
            }
        });
        let base = self.base.logit(&sums);
        let features = Features::new(looks::of_base(base).map(place_of).chain(places));
        Look { features, sums, base }
    }

    /// What it makes of a comment that it has looked at.
    pub fn opinion(&self, look: &Look) -> Opinion {
        let experience = self.site.map_or(0.0, SiteLearner::experience);
        let shares = (1.0 - experience, experience);
        let own = self.site.map_or(0.0, |site| site.table().logit(&look.features));
        let logit = look.base * shares.0 + own * shares.1;
        let between = |base: f32, own: f32| base * shares.0 + own * shares.1;
        Opinion { logit, share_of_most: between(SHARE_OF_BASE, 1.0), half: between(HALF_OF_BASE, HALF), shares }
    }

    /// Names what took part: the base model and the last teaching.
    pub fn version(&self) -> String {
        format!("{}-{}", self.base.version(), self.site.map_or(0, SiteLearner::taught))
    }
}

impl Opinion {
    /// Whether the site has no part in it.
    pub fn is_of_base_alone(&self) -> bool {
        self.shares.1 == 0.0
    }

    /// Its points where `most` is what a site that has taught a great deal may give: with the sign of the logit, more for a greater
    /// one without end, and never the most, so that even the surest are told apart. Trust goes two thirds as far: a group takes off
    /// at most 40 points.
    pub fn points(&self, most: i32) -> i32 {
        let most = if self.logit < 0.0 { most as f32 * TRUST } else { most as f32 };
        (most * self.share_of_most * self.logit / (self.logit.abs() + self.half)).round() as i32
    }
}

/// A feature's place in a site's table.
fn place_of(hash: Hash) -> u16 {
    hash.place(table::BITS) as u16
}
