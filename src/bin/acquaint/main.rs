//! acquaint on the command line.
fn main() {}
