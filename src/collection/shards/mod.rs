//! Pairs and their geometries in Parquet files and Arrow's record batches, for more than one machine. A row of pairs has all that its
//! verification takes, and its samples follow from its number, so that any part of the work can be done anywhere, and again.

mod columns;
mod export;
mod files;
mod geometries;
mod import;
mod pairs;
mod records;
mod schema;
mod verify;

pub use export::{ExportSummary, PAIRS_PER_PART, write_pairs};
pub use import::{ImportSummary, import_geometries};
pub use records::{RecordOfPair, records};
pub use schema::{geometries_schema, pairs_schema};
pub use verify::{Shard, ShardSummary, count_pairs, verify_record_batch, verify_shard};
