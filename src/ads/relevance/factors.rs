//! The best ads by a factor model: out of exact [catalogues](crate::ads::catalogue).
//!
//! **Shelves.** A catalogue has one curve from scores to probabilities and one side of each person. So ads of special
//! categories, for which a person's side is another, lie on shelves of their own, and so do ads that calibration shifts
//! differently. A person's best are among the best of each shelf. Without shifts there are two shelves at most.
//!
//! **Who may get what** is decided before: as bits for what people share, as a list for what one person hid or saw too often.
//!
//! **Caps of advertisers** hold within a list too. Of the K best by value as many are taken as the caps leave; whoever comes short
//! is asked for again with twice as many, until the list is full or nothing is left. That is the greedy choice from the list of
//! everything.

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::{Best, BestAds, People, Running, RunningAd, World};
use crate::ads::AdsError;
use crate::ads::click_model::ClickModel;
use crate::ads::factor_clicks::FactorClicks;
use crate::ads::features::HashedValue;
use crate::ads::policy::Ineligible;
use crate::ads::policy::masks::{AD_BLOCK, BlockMasks};
use crate::hash::HashMap;
use crate::retrieve::{Catalogue, Curve, Offer, People as Sides, Reached, RetrieveError};

/// People whose sides and sets are held at a time.
const PEOPLE: usize = 4_096;

/// Offers everybody their best ads, at most `k` each.
///
/// # Complexity
/// O(U·A·D) at worst for D coordinates, and O(K·U) more for each doubling of what caps take away; D floats an ad and, for 4,096
/// people at a time, D floats and a bit an ad each.
///
/// # Errors
/// If the model has weights that are not finite, or a calibration that falls.
pub(super) fn offer_all(
    click: &ClickModel,
    model: &FactorClicks,
    World { people, running }: World<'_>,
    lists: &mut [BestAds],
    k: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), AdsError> {
    let shop = Shop {
        people,
        running,
        model,
        shelves: shelves(click, model, running)?,
        masks: masks(people, running),
        k,
    };
    for (chunk_idx, chunk) in lists.chunks_mut(PEOPLE).enumerate() {
        shop.serve(chunk_idx * PEOPLE, chunk)?;
        progress(chunk.len() as u64 * shop.masks.len() as u64);
    }
    Ok(())
}

/// Ads that share a curve and the sides of people.
struct Shelf<'a> {
    is_special: bool,
    shift: f64,
    /// Among the running ads, ascending.
    ads: Vec<usize>,
    catalogue: Catalogue,
    click: &'a ClickModel,
}

fn shelves<'a>(
    click: &'a ClickModel,
    model: &FactorClicks,
    running: &Running<'_>,
) -> Result<Vec<Shelf<'a>>, AdsError> {
    let mut numbers: HashMap<(bool, u64), usize> = HashMap::default();
    let mut groups: Vec<(bool, f64, Vec<usize>)> = Vec::new();
    for (at, one) in running.ads.iter().enumerate() {
        let (is_special, shift) = (one.hashes.is_special(), click.shift(one.ad, None));
        let number = *numbers
            .entry((is_special, shift.to_bits()))
            .or_insert_with(|| {
                groups.push((is_special, shift, Vec::new()));
                groups.len() - 1
            });
        groups[number].2.push(at);
    }
    let shelf = |(is_special, shift, ads): (bool, f64, Vec<usize>)| {
        Ok(Shelf {
            catalogue: catalogue(model, running, &ads)?,
            is_special,
            shift,
            ads,
            click,
        })
    };
    groups.into_iter().map(shelf).collect()
}

fn catalogue(
    model: &FactorClicks,
    running: &Running<'_>,
    ads: &[usize],
) -> Result<Catalogue, RetrieveError> {
    let side = |&at: &usize| model.ad(running.ads[at].hashes);
    let sides: Vec<_> = ads.par_iter().map(side).collect();
    let biases: Vec<f32> = sides.iter().map(|side| side.bias).collect();
    let vectors: Vec<f32> = sides.into_iter().flat_map(|side| side.vector).collect();
    let offer = |&at: &usize| Offer {
        bid: running.ads[at].ad.bid,
        quality: running.ads[at].ad.quality,
    };
    let offers: Vec<Offer> = ads.iter().map(offer).collect();
    Catalogue::with_offers(rows(&vectors, model.width()), &biases, &offers)
}

fn rows(numbers: &[f32], width: usize) -> ArrayView2<'_, f32> {
    let shape = (numbers.len() / width, width);
    ArrayView2::from_shape(shape, numbers).expect("every side has the model's width")
}

fn masks(people: &People<'_>, running: &Running<'_>) -> Vec<BlockMasks> {
    let blocks = running.ads.par_chunks(AD_BLOCK);
    let masks = blocks.map(|block| {
        let listed: Vec<_> = block.iter().map(RunningAd::listed).collect();
        BlockMasks::new(&listed, &people.segments)
    });
    masks.collect()
}

struct Shop<'a> {
    people: &'a People<'a>,
    running: &'a Running<'a>,
    model: &'a FactorClicks,
    shelves: Vec<Shelf<'a>>,
    masks: Vec<BlockMasks>,
    k: usize,
}

/// Somebody who is served: what may be chosen from but for what they alone are not shown, and how much of it there is.
struct Customer {
    person: usize,
    open: Vec<u64>,
    n_eligible: u64,
    values: Vec<HashedValue>,
}

impl Shop<'_> {
    fn serve(&self, first: usize, lists: &mut [BestAds]) -> Result<(), AdsError> {
        let customers = lists.par_iter_mut().enumerate();
        let mut waiting: Vec<Customer> = customers
            .map(|(at, list)| self.customer(first + at, list))
            .collect();
        let mut k = self.k;
        while !waiting.is_empty() {
            let ranked = self.ranked(&waiting, k)?;
            let mut again = Vec::new();
            for (customer, mut best) in waiting.into_iter().zip(ranked) {
                best.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.ad_idx.cmp(&b.ad_idx)));
                // Beyond the first k of all shelves together some shelf may have more.
                best.truncate(k);
                let is_all =
                    best.len() as u64 == customer.n_eligible || k >= self.running.ads.len();
                let taken = self.taken(customer.person, &best);
                if is_all || taken.len() == self.k {
                    lists[customer.person - first].best = taken;
                } else {
                    again.push(customer);
                }
            }
            (waiting, k) = (again, k.saturating_mul(2));
        }
        Ok(())
    }

    /// Counts what somebody is not shown, and notes what is left.
    fn customer(&self, person: usize, list: &mut BestAds) -> Customer {
        let who = self.people.segments.of_person(person);
        let lists = &self.running.lists;
        let mut open = Vec::with_capacity(self.masks.len() * AD_BLOCK / 64);
        for (block, masks) in self.masks.iter().enumerate() {
            let start = block * AD_BLOCK;
            let end = self.running.ads.len().min(start + AD_BLOCK);
            let refused = self.people.refused(person, start..end);
            let eligible = masks.eligible(who, refused, lists, &mut list.ineligible);
            list.eligible += eligible.bits().count() as u64;
            let mut unused = [0; Ineligible::ALL.len()];
            let shared = masks.eligible(who, std::iter::empty(), lists, &mut unused);
            open.extend(shared.words());
        }
        Customer {
            person,
            open,
            n_eligible: list.eligible,
            values: self.people.profiles[person].hashed(),
        }
    }

    /// Everybody's k best of each shelf.
    fn ranked(&self, customers: &[Customer], k: usize) -> Result<Vec<Vec<Best>>, AdsError> {
        let mut all = vec![Vec::new(); customers.len()];
        for shelf in &self.shelves {
            let sides: Vec<_> = customers
                .par_iter()
                .map(|one| self.model.person(&one.values, shelf.is_special))
                .collect();
            let own: Vec<f64> = sides.iter().map(|side| side.own).collect();
            let vectors: Vec<f32> = sides.into_iter().flat_map(|side| side.vector).collect();
            let sides = Sides::new(rows(&vectors, self.model.width())).with_own(&own);
            let p = |score| shelf.click.probability(score, shelf.shift);
            let reach = self.open_to(shelf, customers)?;
            let curve = Curve::new(p)?;
            let found = shelf.catalogue.rank_by_value(sides, &reach, k, &curve)?;
            for (person, best) in all.iter_mut().enumerate() {
                best.extend(found.ranked.of(person).iter().map(|one| {
                    let ad_idx = shelf.ads[one.ad as usize];
                    Best {
                        value: one.value,
                        p_click: p(one.score),
                        ad_idx,
                        advertiser: self.running.ads[ad_idx].ad.advertiser_id,
                    }
                }));
            }
        }
        Ok(all)
    }

    /// Who may choose what of a shelf: a set for all who share it, and what one person is not shown.
    fn open_to(&self, on: &Shelf<'_>, customers: &[Customer]) -> Result<Reached, AdsError> {
        let mut numbers: HashMap<&[u64], usize> = HashMap::default();
        let mut sets = Vec::new();
        let mut set_of = Vec::with_capacity(customers.len());
        for customer in customers {
            let open = customer.open.as_slice();
            let has = |row: usize| open[on.ads[row] / 64] >> (on.ads[row] % 64) & 1 == 1;
            set_of.push(*numbers.entry(open).or_insert_with(|| {
                sets.push(on.catalogue.ad_set(has));
                sets.len() - 1
            }));
        }
        let mut reach = Reached::new(&on.catalogue, sets)?;
        for (customer, set) in customers.iter().zip(set_of) {
            let all = self
                .people
                .refused(customer.person, 0..self.running.ads.len());
            let here = all.filter_map(|(at, _)| on.ads.binary_search(&at).ok());
            let row = |row| u32::try_from(row).expect("a catalogue has fewer than 2³² ads");
            let blocked: Vec<u32> = here.map(row).collect();
            reach.push(set, &blocked)?;
        }
        Ok(reach)
    }

    /// The first of these, best first, that the caps of advertisers leave.
    fn taken(&self, person: usize, best: &[Best]) -> Vec<Best> {
        let mut taken: Vec<Best> = Vec::with_capacity(self.k);
        for offered in best {
            if taken.len() == self.k {
                break;
            }
            let fits = self.people.fits(person, offered.advertiser);
            let own = |held: &&Best| held.advertiser == offered.advertiser;
            if taken.iter().filter(own).count() < fits {
                taken.push(*offered);
            }
        }
        taken
    }
}
