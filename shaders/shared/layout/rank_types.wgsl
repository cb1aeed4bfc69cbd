// What the stages of the ranking networks share; the Rust twins are in src/kernels/layout.rs. The constants
// are those of src/constants.rs.

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
