//! Files and directories of tests: keys, copies, pipes.

use std::fs;
use std::path::Path;

/// 64 hexadecimal digits that no other seed gives.
pub(crate) fn digits(seed: u8) -> String {
    let bytes: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap().wrapping_mul(seed));
    blake3::Hash::from_bytes(bytes).to_hex().to_string()
}

/// Writes a key file as it has to be: readable by its owner only.
pub(crate) fn write_key(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// Copies a directory and everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
