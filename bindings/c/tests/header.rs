//! The header is the one that the code gives. `NABLA_WRITE_HEADER=1 cargo test -p nabla-ransac-c` writes it anew.

use std::path::Path;
use std::{env, fs};

#[test]
fn header_is_made_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut made = Vec::new();
    cbindgen::generate(folder).unwrap().write(&mut made);
    let path = folder.join("include/nabla_ransac.h");
    if env::var_os("NABLA_WRITE_HEADER").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap();
    let made = String::from_utf8(made).unwrap();
    assert!(made == checked_in, "the code gives another header: NABLA_WRITE_HEADER=1 cargo test -p nabla-ransac-c");
}
