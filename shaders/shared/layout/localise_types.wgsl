// What the stages of localisation share; the Rust twin is in src/kernels/layout.rs.

// A frame, and the map that it is localised in.
struct FrameShape {
    width: u32, // of the image at the map's height, pixels
    height: u32,
    columns: u32, // cells
    rows: u32,
    keys: u32, // of the map
    doubtful_spread: f32, // at which a cell is sampled half as often
    encode: u32, // 1 where the texture is read in linear light
    unused: u32,
}

// Columns of the lattice of bins.
fn lattice_columns() -> u32 {
    return shape.columns + 2u * LATTICE_MARGIN;
}

fn lattice_rows() -> u32 {
    return shape.rows + 2u * LATTICE_MARGIN;
}

// From a cell's place to the centre of the bins on it, pixels: bins of the narrowest width are half a cell right and down.
fn bin_offset_px(width_px: u32) -> u32 {
    return select(0u, CELL_PX / 2u, width_px == CELL_PX);
}
