//! People's vectors, and whom an ad may reach: sets that many people share, and ads that one person does not see.

use ndarray::ArrayView2;

use super::RetrieveError;
use super::packed::{AdSet, Catalogue, MAX_NUMBER, is_usable};

/// People as a catalogue is asked about them.
#[derive(Clone, Copy, Debug)]
pub struct People<'a> {
    vectors: ArrayView2<'a, f32>,
    own: &'a [f64],
}

impl<'a> People<'a> {
    /// People by their vectors, shape `(n_people, width)`.
    #[must_use]
    pub const fn new(vectors: ArrayView2<'a, f32>) -> Self {
        Self { vectors, own: &[] }
    }

    /// What is added to every score of each person: of no matter for their order by score, but for what a score is worth.
    #[must_use]
    pub const fn with_own(self, own: &'a [f64]) -> Self {
        Self { own, ..self }
    }

    pub(super) fn len(&self) -> usize {
        self.vectors.nrows()
    }

    pub(super) fn vector(&self, person: usize) -> Vec<f32> {
        self.vectors.row(person).to_vec()
    }

    pub(super) fn own(&self, person: usize) -> f64 {
        self.own.get(person).copied().unwrap_or(0.0)
    }

    fn numbers_are_usable(&self) -> bool {
        let is_own_usable = |own: &f64| own.abs() <= MAX_NUMBER;
        self.vectors.iter().all(|&x| is_usable(x)) && self.own.iter().all(is_own_usable)
    }

    pub(super) fn check(&self, width: usize) -> Result<(), RetrieveError> {
        let has_own = self.own.is_empty() || self.own.len() == self.len();
        let what = if self.vectors.ncols() != width {
            "vectors of people that are not as wide as those of ads"
        } else if !has_own {
            "not one number of their own a person"
        } else if !self.numbers_are_usable() {
            "a number that is not finite, or larger than 10¹²"
        } else {
            return Ok(());
        };
        Err(RetrieveError::Catalogue { what })
    }
}

/// For each person the ads that may be chosen from.
///
/// Eligibility by attributes makes few different sets, which people share; what one person hid or has seen too often is
/// a short list of their own. Neither can be outdone by a score: what is not open is not scored.
#[derive(Clone, Debug)]
pub struct Reached {
    n_ads: usize,
    sets: Vec<AdSet>,
    set_of: Vec<u32>,
    /// Ads by number, ascending, of all people one after the other.
    blocked: Vec<u32>,
    ends: Vec<usize>,
}

impl Reached {
    /// Nobody yet; people will have one of these sets.
    ///
    /// # Errors
    /// If a set is of another catalogue.
    pub fn new(catalogue: &Catalogue, sets: Vec<AdSet>) -> Result<Self, RetrieveError> {
        if sets
            .iter()
            .any(|set| set.words().len() != catalogue.n_panels())
        {
            return Err(RetrieveError::Catalogue {
                what: "a set of ads of another catalogue",
            });
        }
        Ok(Self {
            n_ads: catalogue.n_ads(),
            sets,
            set_of: Vec::new(),
            blocked: Vec::new(),
            ends: vec![0],
        })
    }

    /// Everything for everybody.
    #[must_use]
    pub fn everything(catalogue: &Catalogue, n_people: usize) -> Self {
        Self {
            n_ads: catalogue.n_ads(),
            sets: vec![catalogue.ad_set(|_| true)],
            set_of: vec![0; n_people],
            blocked: Vec::new(),
            ends: vec![0; n_people + 1],
        }
    }

    /// The next person: which set, and which ads are blocked for this person alone, in any order.
    ///
    /// # Errors
    /// If there is no such set or ad; nobody is added then.
    pub fn push(&mut self, set: usize, blocked: &[u32]) -> Result<(), RetrieveError> {
        let is_ad = |&ad: &u32| (ad as usize) < self.n_ads;
        if set >= self.sets.len() || !blocked.iter().all(is_ad) {
            return Err(RetrieveError::Catalogue {
                what: "a set or an ad that is not there",
            });
        }
        let mut own = blocked.to_vec();
        own.sort_unstable();
        own.dedup();
        self.set_of
            .push(u32::try_from(set).expect("fewer than 2³² sets"));
        self.blocked.extend(own);
        self.ends.push(self.blocked.len());
        Ok(())
    }

    /// How many people there are.
    #[must_use]
    pub fn n_people(&self) -> usize {
        self.set_of.len()
    }

    pub(super) fn is_for(&self, catalogue: &Catalogue) -> bool {
        let is_same = |set: &AdSet| set.words().len() == catalogue.n_panels();
        self.n_ads == catalogue.n_ads() && self.sets.iter().all(is_same)
    }

    /// One word a panel.
    pub(super) fn words(&self, person: usize) -> &[u32] {
        self.sets[self.set_of[person] as usize].words()
    }

    pub(super) fn is_blocked(&self, person: usize, ad: u32) -> bool {
        self.blocked_for(person).binary_search(&ad).is_ok()
    }

    fn blocked_for(&self, person: usize) -> &[u32] {
        &self.blocked[self.ends[person]..self.ends[person + 1]]
    }

    /// For each person how many ads are open.
    pub(super) fn n_open(&self, catalogue: &Catalogue) -> Vec<u64> {
        let sizes: Vec<u64> = self.sets.iter().map(|set| set.len() as u64).collect();
        // The place of an ad is only needed for ads that somebody blocked.
        let places = if self.blocked.is_empty() {
            Vec::new()
        } else {
            catalogue.places()
        };
        let of_person = |person: usize| {
            let words = self.words(person);
            let is_lost = |ad: &&u32| AdSet::has(words, places[**ad as usize]);
            let lost = self.blocked_for(person).iter().filter(is_lost).count();
            sizes[self.set_of[person] as usize] - lost as u64
        };
        (0..self.n_people()).map(of_person).collect()
    }
}
