//! What a program built without training says of `train` and `import`.

use anyhow::{Result, bail};
use std::ffi::OsString;

/// What the command would be given.
#[derive(Debug, clap::Args)]
pub(crate) struct UntrainedArgs {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _arguments: Vec<OsString>,
}

/// Says how to get them.
pub(crate) fn run() -> Result<()> {
    bail!(
        "this program was built without training; in the folder of its source, `cargo install --path . --features train` \
         builds it with training (Burn makes that a matter of a quarter to half an hour)"
    )
}
