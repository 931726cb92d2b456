//! Handles: numbers that stand for what is open, so that a wrong one is an error and no wild pointer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::entry::{Answer, Failed};

/// What is open, by handle. No handle is given twice.
pub(crate) struct Table<T>(Mutex<Held<T>>);

struct Held<T> {
    next: u64,
    open: BTreeMap<u64, Arc<T>>,
}

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Held {
            next: 1,
            open: BTreeMap::new(),
        }))
    }

    fn with<A>(&self, work: impl FnOnce(&mut Held<T>) -> A) -> A {
        // A table is never left half changed, so a panic elsewhere does not matter.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add(&self, open: T) -> u64 {
        self.with(|held| {
            let handle = held.next;
            held.next += 1;
            held.open.insert(handle, Arc::new(open));
            handle
        })
    }

    /// What a handle stands for; it stays open as long as somebody has it.
    pub(crate) fn get(&self, handle: u64) -> Answer<Arc<T>> {
        self.with(|held| held.open.get(&handle).map(Arc::clone))
            .ok_or_else(|| Failed::argument("no shipment is open under this handle"))
    }

    pub(crate) fn remove(&self, handle: u64) -> Answer<()> {
        let removed = self.with(|held| held.open.remove(&handle));
        removed
            .map(drop)
            .ok_or_else(|| Failed::argument("no shipment is open under this handle"))
    }
}
