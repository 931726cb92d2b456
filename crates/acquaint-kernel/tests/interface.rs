//! The C interface, called as a worker calls it.

use std::fs;
use std::path::Path;
use std::ptr;

use acquaint::consent::FriendSuggestions;
use acquaint::graph::GraphBuilder;
use acquaint::suggest::{Desk, Exclusions, Packed, Shipped, SuggestParams};
use acquaint_kernel::{
    BAD_ARGUMENT, FAILED, OK, TOO_SMALL, VERSION, acquaint_kernel_close, acquaint_kernel_error,
    acquaint_kernel_frame_bytes, acquaint_kernel_open, acquaint_kernel_score,
    acquaint_kernel_version,
};

/// A shipment of nobody: permitted people can only be made inside the library.
fn shipment(path: &Path) -> Packed {
    let graph = GraphBuilder::<FriendSuggestions>::new([]).unwrap().build();
    let params = SuggestParams::default().check().unwrap();
    let desk = Desk::new(graph.graph, Exclusions::none(), &[], &params, None).unwrap();
    desk.ship(fs::File::create(path).unwrap()).unwrap()
}

fn open(path: &str, digest: &[u8; 32]) -> (i32, u64, u32) {
    let (mut handle, mut n_people) = (0, u32::MAX);
    // SAFETY: all are valid for the call.
    let code = unsafe {
        acquaint_kernel_open(
            path.as_ptr(),
            path.len(),
            digest.as_ptr(),
            1,
            &raw mut handle,
            &raw mut n_people,
        )
    };
    (code, handle, n_people)
}

fn score(handle: u64, first: u32, last: u32, room: usize) -> (i32, usize) {
    let mut frame = vec![0; room];
    let mut n_bytes = 0;
    // SAFETY: both are valid for the call.
    let code = unsafe {
        acquaint_kernel_score(
            handle,
            first,
            last,
            frame.as_mut_ptr(),
            room,
            &raw mut n_bytes,
        )
    };
    (code, n_bytes)
}

fn error() -> String {
    let mut text = vec![0; 1000];
    // SAFETY: it is valid for so many bytes.
    let n = unsafe { acquaint_kernel_error(text.as_mut_ptr(), text.len()) };
    String::from_utf8(text[..n].to_vec()).unwrap()
}

#[test]
fn a_shipment_opens_once_and_closes_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shipment");
    let packed = shipment(&path);
    assert_eq!(acquaint_kernel_version(), VERSION);
    let (code, handle, n_people) = open(path.to_str().unwrap(), packed.digest.as_bytes());
    assert_eq!((code, n_people), (OK, 0));
    let mut n_bytes = 0;
    // SAFETY: it is valid for the call.
    let code = unsafe { acquaint_kernel_frame_bytes(handle, 1024, &raw mut n_bytes) };
    assert!(code == OK && n_bytes > 1024 * 4);
    assert_eq!(score(handle, 0, 1024, n_bytes).0, FAILED);
    assert!(
        error().contains("no frame holds the people 0 to 1024 of 0"),
        "{}",
        error()
    );
    assert_eq!(acquaint_kernel_close(handle), OK);
    assert_eq!(acquaint_kernel_close(handle), BAD_ARGUMENT);
    assert_eq!(score(handle, 0, 1024, n_bytes).0, BAD_ARGUMENT);
}

#[test]
fn deny_another_digest_a_damaged_file_and_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shipment");
    let packed = shipment(&path);
    let name = path.to_str().unwrap();
    assert_eq!(open(name, &[7; 32]).0, FAILED);
    assert!(error().contains("has digest"), "{}", error());
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(open(name, packed.digest.as_bytes()).0, FAILED);
    assert_eq!(open("nowhere", packed.digest.as_bytes()).0, FAILED);
}

#[test]
fn deny_null() {
    let digest = [0; 32];
    // SAFETY: null is refused before it is read or written.
    let codes = unsafe {
        [
            acquaint_kernel_open(
                ptr::null(),
                3,
                digest.as_ptr(),
                1,
                ptr::null_mut(),
                ptr::null_mut(),
            ),
            acquaint_kernel_frame_bytes(1, 1, ptr::null_mut()),
            acquaint_kernel_score(1, 0, 1, ptr::null_mut(), 0, ptr::null_mut()),
        ]
    };
    assert_eq!(codes, [BAD_ARGUMENT; 3]);
    let _ = (TOO_SMALL, Shipped::n_people);
}
