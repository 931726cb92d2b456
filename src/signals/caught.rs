//! Calls that may panic and are known to.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Becomes a panic of this thread an error? Then a panic hook has nothing to say.
#[must_use]
pub fn are_panics_caught() -> bool {
    IS_CAUGHT.get()
}

/// Calls a function; what it panics with is an error.
///
/// # Errors
/// Those of the function, and its panics.
pub(crate) fn caught<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let was = IS_CAUGHT.replace(true);
    // Nothing that a panic could leave half done is used again: the caller gives it up.
    let ended = catch_unwind(AssertUnwindSafe(call));
    IS_CAUGHT.set(was);
    ended.unwrap_or_else(|panic| Err(told_by(panic.as_ref())))
}

fn told_by(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the Parquet reader panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_known_to_be_one() {
        let error = caught::<()>(|| {
            assert!(are_panics_caught());
            panic!("index {}", 7)
        });
        assert_eq!(error.unwrap_err(), "index 7");
        assert!(!are_panics_caught());
    }
}
