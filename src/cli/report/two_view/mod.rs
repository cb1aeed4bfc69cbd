//! Essential and fundamental matrices against the true motion of their pair.

mod accuracy;
mod figures;

pub(crate) use accuracy::TwoViewAccuracy;
