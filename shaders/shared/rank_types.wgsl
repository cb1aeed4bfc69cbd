// What the stages of the ranking networks share; the Rust twins are in src/kernels/layout.rs and src/cpu.

// Sizes of one layer; what a stage does not need is 0.
struct LayerShape {
    inputs: u32, // columns of the rows read
    outputs: u32, // columns of the rows written
    neighbours: u32,
    mode: u32,
}

// Pairs are packed one after the other: rows offsets[p]..offsets[p + 1] belong to pair p.
struct Batch {
    pairs: u32,
    offsets: array<u32>, // pairs + 1
}

// Columns of the input rows that the graph needs.
const ROW_COLUMNS: u32 = 9u;
const LN_SCALE: u32 = 1u;
const COS_ANGLE: u32 = 2u;
const SIN_ANGLE: u32 = 3u;
const SHAPE_KNOWN: u32 = 8u;
const EDGE_COLUMNS: u32 = 11u;
const MAX_NEIGHBOURS: u32 = 32u;
// Rings of the annular convolution.
const RINGS: u32 = 3u;
