//! Writes the text of every shader, in all its variants, into a folder, a `.wgsl` file each: to read what is compiled, or to give it
//! to another compiler.
//!
//! `cargo run --release --example shader_texts -- FOLDER`; with `--features train` those of training too.
#![allow(clippy::print_stdout, reason = "an example prints")]

use nabla_ransac::kernels;
use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("expected a folder to write to")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    #[cfg_attr(not(feature = "train"), expect(unused_mut, reason = "training has more"))]
    let mut texts = kernels::shader_texts();
    #[cfg(feature = "train")]
    texts.extend(nabla_ransac::train::ops::shader_texts());
    let mut written = HashSet::new();
    for (name, text) in texts {
        // many variants of a shader are the same text
        if written.insert(text.clone()) {
            let name = format!("{:03}_{}.wgsl", written.len(), name.replace('/', "_"));
            fs::write(folder.join(name), text)?;
        }
    }
    println!("{} shaders in {}", written.len(), folder.display());
    Ok(())
}
