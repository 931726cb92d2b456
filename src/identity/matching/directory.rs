//! The directory: every number's holders over time.

use std::marker::PhantomData;

use rayon::prelude::*;

use super::super::E164;
use super::super::tenure::{Binding, Held, Holder, Tenure, tenures};
use super::Contact;
use crate::consent::{For, Permitted};
use crate::hash::HashSet;
use crate::ids::AccountId;
use crate::time::{Interval, Timestamp};

/// What of a directory is looked at again and again: half of a second-level cache of today, the other half being the
/// entries that come by.
const CACHED_BYTES: usize = 1 << 18;

/// More streams than this are more than a core's first-level cache and page tables keep open at once.
const MAX_PART_BITS: u32 = 10;

/// Contacts that are looked up together: enough reads in flight for any core.
pub(super) const TOGETHER: usize = 32;

/// Whose a number was at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// This account's.
    Match(AccountId),
    /// Nobody's, ever, as far as the directory knows.
    NonUser,
    /// Some account's, but not at that moment: saved before it was theirs, or after.
    NotYetTheirs,
    /// Claimed by several accounts at that moment, so nobody's.
    Contested,
    /// A business's, which is nobody's friend.
    Business,
}

/// Every number's holders over time, permitted for purpose `P`.
///
/// A table with linear probing in which keys ascend: a number's tenures stand from the slot its key points at, or a
/// little behind it, one after the other in time. A slot is half a cache line, and half of the slots and a tenth are
/// taken, so most look-ups wait for memory once. 51 bytes a tenure.
///
/// Amble and Knuth, *Ordered hash tables* (1974): where keys ascend, a number that is not there is missed as soon as one
/// that is there is found.
#[derive(Debug)]
pub struct Directory<P> {
    slots: Vec<Slot>,
    n_buckets: u64,
    n_tenures: usize,
    n_contested: u64,
    purpose: PhantomData<P>,
}

/// A tenure of a number, or nothing.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The number's key, then what kind of holder; 0 if the slot is free.
    word: u64,
    account: AccountId,
    from: Timestamp,
    until: Timestamp,
}

/// Bits of a key.
const KEY_BITS: u32 = 50;
/// Bits below the key, for the kind of holder.
const KIND_BITS: u32 = 64 - KEY_BITS;
const ACCOUNT: u64 = 0;
const CONTESTED: u64 = 1;
const BUSINESS: u64 = 2;

const FREE: Slot = Slot {
    word: 0,
    account: AccountId(0),
    from: Timestamp::MIN,
    until: Timestamp::MIN,
};

impl Slot {
    fn of(key: u64, tenure: Tenure) -> Self {
        let (kind, account) = match tenure.holder {
            Holder::Account(account) => (ACCOUNT, account),
            Holder::Contested => (CONTESTED, AccountId(0)),
            Holder::Business => (BUSINESS, AccountId(0)),
        };
        Self {
            word: key << KIND_BITS | kind,
            account,
            from: tenure.interval.from,
            until: tenure.interval.until,
        }
    }

    const fn key(&self) -> u64 {
        self.word >> KIND_BITS
    }

    const fn holder(&self) -> Resolution {
        match self.word & ((1 << KIND_BITS) - 1) {
            ACCOUNT => Resolution::Match(self.account),
            CONTESTED => Resolution::Contested,
            _ => Resolution::Business,
        }
    }
}

impl<P: For> Directory<P> {
    /// A directory of the bindings that passed the gate; `business_numbers` resolve to [`Resolution::Business`]
    /// whoever else claims them.
    ///
    /// # Complexity
    /// O(n log n) time in parallel and O(n) extra space for n bindings.
    #[must_use]
    pub fn build(
        bindings: impl IntoIterator<Item = Permitted<Binding, P>>,
        business_numbers: &HashSet<E164>,
    ) -> Self {
        let mut bindings: Vec<(u64, Binding)> = bindings
            .into_iter()
            .map(Permitted::into_inner)
            .filter(|binding| !business_numbers.contains(&binding.number))
            .map(|binding| (mix(binding.number), binding))
            .collect();
        bindings.par_sort_unstable();
        let mut rows: Vec<(u64, Tenure)> = bindings
            .par_chunk_by(|a, b| a.0 == b.0)
            .flat_map_iter(rows_of_one_number)
            .chain(business_numbers.par_iter().copied().map(business_row))
            .collect();
        drop(bindings);
        // Business numbers have one row each and nobody else's, so keys order all but the tenures of one
        // number, which a stable sort leaves ascending in time.
        rows.par_sort_by_key(|row| row.0);
        Self::from_rows(&rows)
    }

    fn from_rows(rows: &[(u64, Tenure)]) -> Self {
        let n_buckets = (rows.len() as u64 * 8 / 5).max(1);
        let mut slots = Vec::with_capacity(rows.len() * 8 / 5 + 64);
        // Keys ascend, and so do their buckets: each tenure stands in its bucket, or next to those that fill it.
        for &(key, tenure) in rows {
            let bucket = bucket_of(key, n_buckets);
            if slots.len() < bucket {
                slots.resize(bucket, FREE);
            }
            slots.push(Slot::of(key, tenure));
        }
        // Every bucket has a slot, and behind the last tenure there is a free one to stop at.
        slots.resize(
            slots.len().max(bucket_of(u64::MAX >> KIND_BITS, n_buckets)) + 1,
            FREE,
        );
        Self {
            slots,
            n_buckets,
            n_tenures: rows.len(),
            n_contested: n_contested(rows),
            purpose: PhantomData,
        }
    }

    /// Whose the number was when it was saved.
    ///
    /// # Complexity
    /// O(1) expected, plus the number of times the number changed hands.
    #[must_use]
    pub fn resolve(&self, number: E164, saved_at: Timestamp) -> Resolution {
        let key = mix(number);
        self.resolve_from(bucket_of(key, self.n_buckets), key, saved_at)
    }

    /// Looks from the slot on that a key points at.
    #[inline]
    fn resolve_from(&self, first: usize, key: u64, saved_at: Timestamp) -> Resolution {
        let mut is_known = false;
        // Keys ascend along the slots, and the tenures of one key in time: what is passed is a smaller key or was over before.
        for slot in &self.slots[first..] {
            // A free slot and a later key both end the search: no key is 0, and 0 − 1 is later than any.
            if slot.key().wrapping_sub(1) >= key {
                break;
            }
            if slot.key() == key {
                is_known = true;
                if saved_at < slot.from {
                    break;
                }
                if saved_at < slot.until {
                    return slot.holder();
                }
            }
        }
        if is_known {
            Resolution::NotYetTheirs
        } else {
            Resolution::NonUser
        }
    }

    /// As [`resolve`](Self::resolve) for some contacts, no more than [`TOGETHER`], in their order.
    ///
    /// A directory is larger than any cache. Here the first slot of each is read before any is looked at, so they wait
    /// for memory together.
    #[inline]
    pub(super) fn resolve_together<'c>(
        &self,
        contacts: &'c [Permitted<Contact, P>],
        mut on_resolved: impl FnMut(&'c Contact, Resolution),
    ) {
        let mut firsts = [(0_usize, 0_u64); TOGETHER];
        for (first, contact) in firsts.iter_mut().zip(contacts) {
            let bucket = bucket_of(mix(contact.get().number), self.n_buckets);
            *first = (bucket, self.slots[bucket].word);
        }
        for ((bucket, word), contact) in firsts.into_iter().zip(contacts) {
            let contact = contact.get();
            let key = mix(contact.number);
            let resolution = if (word >> KIND_BITS).wrapping_sub(1) >= key {
                Resolution::NonUser
            } else {
                self.resolve_from(bucket, key, contact.saved_at)
            };
            on_resolved(contact, resolution);
        }
    }

    /// Into how many parts, a power of two, the numbers are to be cut for one part of the directory to stay in a
    /// core's cache.
    pub(super) fn part_bits(&self) -> u32 {
        let bytes = self.slots.len() * size_of::<Slot>();
        (bytes / CACHED_BYTES)
            .max(2)
            .ilog2()
            .clamp(1, MAX_PART_BITS)
    }

    /// How many numbers are claimed by several accounts at some moment.
    #[must_use]
    pub const fn n_contested(&self) -> u64 {
        self.n_contested
    }

    /// How many tenures it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.n_tenures
    }

    /// Does it hold none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.n_tenures == 0
    }
}

/// The part, of 2 to the power of `bits`, in which a number is looked up. Parts ascend with the slots of the directory.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a part has at most ten bits"
)]
pub(super) const fn part_of(number: E164, bits: u32) -> usize {
    (mix(number) >> (KEY_BITS - bits)) as usize
}

/// Multiplication by an odd number is a bijection of the numbers below 2⁵⁰, of which those of telephones are some, and
/// this one (2⁵⁰ over the golden ratio) spreads numbers that differ in their last digits over the top bits, which choose
/// the slot. Never 0, for no number is.
#[inline]
const fn mix(number: E164) -> u64 {
    number.expose().wrapping_mul(0x2_78DD_E6E5_FD29) & ((1 << KEY_BITS) - 1)
}

/// Keys to buckets, ascending: Lemire, *Fast random integer generation in an interval* (2019).
#[inline]
const fn bucket_of(key: u64, n_buckets: u64) -> usize {
    ((key as u128 * n_buckets as u128) >> KEY_BITS) as usize
}

fn rows_of_one_number(bindings: &[(u64, Binding)]) -> impl Iterator<Item = (u64, Tenure)> + use<> {
    let key = bindings[0].0;
    let held: Vec<_> = bindings
        .iter()
        .map(|(_, b)| Held {
            account: b.account,
            interval: b.interval(),
        })
        .collect();
    tenures(&held).into_iter().map(move |tenure| (key, tenure))
}

fn business_row(number: E164) -> (u64, Tenure) {
    let tenure = Tenure {
        interval: Interval::ALWAYS,
        holder: Holder::Business,
    };
    (mix(number), tenure)
}

fn n_contested(rows: &[(u64, Tenure)]) -> u64 {
    let contested = |run: &&[(u64, Tenure)]| run.iter().any(|(_, t)| t.holder == Holder::Contested);
    rows.chunk_by(|a, b| a.0 == b.0).filter(contested).count() as u64
}
