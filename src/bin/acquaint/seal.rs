//! `acquaint seal`: a directory says from now on what its files are.

use acquaint::publish::{Sealed, seal};
use serde_json::json;

use crate::args::SealArgs;
use crate::exit::{Failure, Outcome, print};
use crate::output::tell;

pub(crate) fn seal_dir(args: &SealArgs) -> Result<Outcome, Failure> {
    let Sealed { sums, leftovers } = seal(&args.dir)?;
    tell(&leftovers);
    let n_bytes: u64 = sums.files.iter().map(|file| file.bytes).sum();
    let n_files = sums.files.len();
    print(&if args.json {
        json!({ "files": n_files, "bytes": n_bytes, "root": sums.root }).to_string()
    } else {
        format!(
            "sealed {n_files} files of {n_bytes} bytes under root {}\n",
            sums.root
        )
    })?;
    Ok(Outcome::Done)
}
