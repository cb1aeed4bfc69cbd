// What the steps of convolutional networks share; the Rust twin is in src/kernels/layout.rs.

// A plane that is read, rows × columns × channels, and the one that is made of it.
struct PlaneShape {
    columns: u32, // of the plane read
    rows: u32,
    channels: u32, // of both, but for a convolution
    stride: u32, // of a convolution
    columns_out: u32, // of the plane written
    rows_out: u32,
    unused: vec2<u32>,
}
