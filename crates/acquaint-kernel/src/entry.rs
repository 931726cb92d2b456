//! How an entry ends: a code, and words for it.

use std::cell::RefCell;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The version word: the interface in the upper half, the form of shipments and frames in the lower.
pub const VERSION: u32 = 1 << 16 | acquaint::suggest::SHIPMENT_VERSION;

/// It was done.
pub const OK: i32 = 0;
/// An argument cannot be: a null pointer, or a handle that is none.
pub const BAD_ARGUMENT: i32 = -1;
/// It could not be done; the error says why.
pub const FAILED: i32 = -2;
/// The buffer is too small.
pub const TOO_SMALL: i32 = -3;
/// A fault of this library. Nothing that the call was to make was made.
pub const PANICKED: i32 = -4;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Why a call failed.
pub(crate) struct Failed {
    code: i32,
    why: String,
}

pub(crate) type Answer<T> = Result<T, Failed>;

impl Failed {
    pub(crate) fn argument(why: &str) -> Self {
        Self {
            code: BAD_ARGUMENT,
            why: why.to_owned(),
        }
    }

    pub(crate) fn too_small(n_bytes: usize) -> Self {
        Self {
            code: TOO_SMALL,
            why: format!("it takes {n_bytes} bytes of room"),
        }
    }
}

impl<E: Error> From<E> for Failed {
    fn from(error: E) -> Self {
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            why = format!("{why}: {cause}");
            source = cause.source();
        }
        Self { code: FAILED, why }
    }
}

/// Runs the body of an entry; nothing unwinds out of it.
pub(crate) fn enter(body: impl FnOnce() -> Answer<()>) -> i32 {
    let failed = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return OK,
        Ok(Err(failed)) => failed,
        Err(_) => Failed {
            code: PANICKED,
            why: String::from("the kernel panicked; please report it"),
        },
    };
    LAST.with_borrow_mut(|last| *last = failed.why);
    failed.code
}

/// What went wrong last in this thread.
pub(crate) fn last_error() -> String {
    LAST.with_borrow(Clone::clone)
}
