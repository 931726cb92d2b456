//! The kernel of acquaint as a C library: opens a shipment and makes the lists of ranges of people.
//!
//! It decides nothing of its own: [`Shipped::frame`] is the function that a run on one machine calls too. Workers of a cluster load it
//! with any foreign-function interface; `docs/spark.md` says how Spark's do.
//!
//! - Every entry returns [`OK`] or a negative code, and [`acquaint_kernel_error`] says in words what was wrong. A panic is caught
//!   and becomes [`PANICKED`].
//! - Handles are numbers. One that was closed, or never was one, is an error like any other.
//! - No memory is handed over: the caller gives every buffer.
//! - Entries may be called from any thread. Errors are kept by thread.

mod entry;
mod table;

pub use entry::{BAD_ARGUMENT, FAILED, OK, PANICKED, TOO_SMALL, VERSION};

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::slice;

use acquaint::suggest::Shipped;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::entry::{Answer, Failed, enter, last_error};
use crate::table::Table;

/// A shipment, and the threads it is scored by.
struct Open {
    shipped: Shipped,
    pool: ThreadPool,
}

static TABLE: Table<Open> = Table::new();

/// The version of this interface, [`VERSION`]. It changes with the interface, a shipment or a frame.
#[unsafe(no_mangle)]
pub extern "C" fn acquaint_kernel_version() -> u32 {
    VERSION
}

/// Opens the shipment at a path of `path_len` bytes, which must have the BLAKE3 digest of 32 bytes at `digest`, to be scored by
/// `n_threads` threads (0: one a core). Writes its handle to `handle` and its number of people to `n_people`.
///
/// # Safety
/// `path` and `digest` must be readable for their lengths, `handle` and `n_people` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn acquaint_kernel_open(
    path: *const u8,
    path_len: usize,
    digest: *const u8,
    n_threads: u32,
    handle: *mut u64,
    n_people: *mut u32,
) -> i32 {
    enter(|| {
        // SAFETY: the caller says that both are readable for their lengths.
        let (path, digest) = unsafe { (read(path, path_len)?, read(digest, blake3::OUT_LEN)?) };
        let open = open(path, digest, n_threads)?;
        let (n, place) = (open.shipped.n_people(), TABLE.add(open));
        // SAFETY: the caller says that both are writable.
        unsafe {
            write(handle, place)?;
            write(n_people, n)?;
        }
        Ok(())
    })
}

/// The most bytes that the lists of `n_people` people take, to `n_bytes`.
///
/// # Safety
/// `n_bytes` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn acquaint_kernel_frame_bytes(
    handle: u64,
    n_people: u32,
    n_bytes: *mut usize,
) -> i32 {
    enter(|| {
        let open = TABLE.get(handle)?;
        // SAFETY: the caller says that it is writable.
        unsafe { write(n_bytes, open.shipped.frame_bytes_max(n_people)) }
    })
}

/// Makes the lists of the people from `first` up to and without `last`, as a frame in the `room` bytes at `frame`; says in
/// `n_bytes` how many it has. [`TOO_SMALL`] if there is too little room: nothing is written then but how many bytes it takes.
///
/// # Safety
/// `frame` must be writable for `room` bytes and `n_bytes` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn acquaint_kernel_score(
    handle: u64,
    first: u32,
    last: u32,
    frame: *mut u8,
    room: usize,
    n_bytes: *mut usize,
) -> i32 {
    enter(|| {
        let open = TABLE.get(handle)?;
        let made = open.pool.install(|| open.shipped.frame(first, last))?;
        // SAFETY: the caller says that it is writable.
        unsafe { write(n_bytes, made.len())? };
        // SAFETY: the caller says that it is writable for so many bytes.
        unsafe { copy(&made, frame, room) }
    })
}

/// Closes a shipment and gives back its memory, once calls that use it have ended.
#[unsafe(no_mangle)]
pub extern "C" fn acquaint_kernel_close(handle: u64) -> i32 {
    enter(|| TABLE.remove(handle))
}

/// Writes what went wrong in this thread's last call that failed to the `room` bytes at `text`, cut if need be, in UTF-8 without an end
/// mark; returns how many bytes were written.
///
/// # Safety
/// `text` must be writable for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn acquaint_kernel_error(text: *mut u8, room: usize) -> usize {
    let error = last_error();
    let n = error.len().min(room);
    // SAFETY: the caller says that it is writable for so many bytes.
    match unsafe { copy(&error.as_bytes()[..n], text, room) } {
        Ok(()) => n,
        Err(_) => 0,
    }
}

fn open(path: &[u8], digest: &[u8], n_threads: u32) -> Answer<Open> {
    let path = str::from_utf8(path).map_err(|_| Failed::argument("the path is no UTF-8"))?;
    let digest = blake3::Hash::from_slice(digest)?;
    let file = File::open(Path::new(path))?;
    let n_bytes = file.metadata()?.len();
    let n_threads = usize::try_from(n_threads).expect("u32 fits");
    let pool = ThreadPoolBuilder::new().num_threads(n_threads).build()?;
    let shipped = pool.install(|| Shipped::open(BufReader::new(file), n_bytes, &digest))?;
    Ok(Open { shipped, pool })
}

/// # Safety
/// `from` must be readable for `n` bytes as long as the slice is used.
unsafe fn read<'a>(from: *const u8, n: usize) -> Answer<&'a [u8]> {
    if from.is_null() || isize::try_from(n).is_err() {
        return Err(Failed::argument("nothing to read from"));
    }
    // SAFETY: it is not null, and the caller says that it is readable for `n` bytes.
    Ok(unsafe { slice::from_raw_parts(from, n) })
}

/// # Safety
/// `to` must be writable.
unsafe fn write<T>(to: *mut T, value: T) -> Answer<()> {
    if to.is_null() || !to.is_aligned() {
        return Err(Failed::argument("nowhere to write to"));
    }
    // SAFETY: it is neither null nor out of line, and the caller says that it is writable.
    unsafe { to.write(value) };
    Ok(())
}

/// # Safety
/// `to` must be writable for `room` bytes.
unsafe fn copy(bytes: &[u8], to: *mut u8, room: usize) -> Answer<()> {
    if bytes.len() > room {
        return Err(Failed::too_small(bytes.len()));
    }
    if to.is_null() {
        return Err(Failed::argument("nowhere to write to"));
    }
    // SAFETY: there is room for them, and memory that only the caller has cannot overlap ours.
    unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(())
}
