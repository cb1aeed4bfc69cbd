//! The header is the one that the code gives. `NABLA_WRITE_HEADER=1 cargo test -p nabla-ransac-c` writes it anew.

use cbindgen::{Builder, Config};
use std::path::Path;
use std::{env, fs};

#[test]
fn header_is_made_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let mut made = Vec::new();
    Builder::new().with_config(config).with_src(folder.join("src/lib.rs")).generate().unwrap().write(&mut made);

    let path = folder.join("include/nabla_ransac.h");
    if env::var_os("NABLA_WRITE_HEADER").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let checked_in = fs::read(&path).unwrap();
    assert!(made == checked_in, "the code gives another header: NABLA_WRITE_HEADER=1 cargo test -p nabla-ransac-c");
}
