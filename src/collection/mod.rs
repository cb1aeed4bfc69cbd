//! Collections of images: all pairs of a COLMAP database, of hloc's files or of Parquet files, each to its two-view geometry as
//! COLMAP's mappers take it.
//!
//! Inside, pixels are COLMAP's: the centre of the top-left pixel is at (0.5, 0.5), in the key points and the cameras alike, so that
//! nothing is shifted between them. What comes from or goes to a format with the centre at (0, 0) is shifted where it is read or written, by
//! [`TOP_LEFT_PX`](crate::data::TOP_LEFT_PX).

mod candidates;
mod chance;
#[cfg(any(feature = "hloc", feature = "shards"))]
pub(crate) mod contained;
mod database;
mod decide;
mod export;
#[cfg(feature = "hloc")]
pub mod hloc;
#[cfg(feature = "shards")]
pub mod shards;
mod two_view_geometry;
mod verifier;
mod verify_database;
mod view;
mod watermark;

pub use database::{Database, Image, StoredCamera, StoredPair, VerifiedRow, images_of_pair, pair_id};
pub use export::{ExportedPairs, export_pairs};
pub use two_view_geometry::{Configuration, TwoViewGeometry};
pub use verifier::{Verifier, VerifyOptions};
pub use verify_database::{VerifiedBatch, VerifyDatabase, VerifySummary, verify_database};
pub use view::{Pair, View};
