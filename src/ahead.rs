//! Memory asked for before it is needed.

/// Asks the processor to bring a cell near; whether it does, and whether there is such a cell, changes no result.
///
/// Where cells lie anywhere in more memory than caches hold, the processor does not look far enough ahead to wait for many of them
/// at once by itself: with 2²² slots, rows of clicks are learnt twice as fast when the next row's are asked for.
#[inline]
pub(crate) fn ask_for<T>(cells: &[T], index: usize) {
    bring::<T, NEAREST>(cells, index);
}

/// Asks for a cell that is needed somewhat later: it need not come all the way, and what brings cells the last piece of it is
/// not kept busy by those that come from far.
#[inline]
pub(crate) fn ask_early_for<T>(cells: &[T], index: usize) {
    bring::<T, NEAR>(cells, index);
}

/// Into the first cache: `_MM_HINT_T0`.
const NEAREST: i32 = 3;
/// Into the second: `_MM_HINT_T1`.
const NEAR: i32 = 2;

#[inline]
fn bring<T, const WHERE: i32>(cells: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::_mm_prefetch;
        let cell = cells.as_ptr().wrapping_add(index);
        #[expect(
            unsafe_code,
            reason = "training a model takes half the time, and adding up friends of friends three quarters"
        )]
        // SAFETY: a prefetch neither reads nor writes as far as the program can tell, and an address that is not mapped is no
        // fault; every x86-64 processor has the instruction.
        unsafe {
            _mm_prefetch::<WHERE>(cell.cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (cells, index);
}

/// What [`ask_for`] is where nothing is asked for.
#[cfg(test)]
pub(crate) const fn ask_for_nothing<T>(_: &[T], _: usize) {}
