// Histograms of gradient directions on the lattice of bins, at three widths: a bin of width b takes the 2b × 2b pixels around its
// centre by a triangle of half-width b along both axes. Twin: src/cpu/localise/pool_gradients.rs.
//
// A workgroup makes POOLED_PLACES bins of a column of the lattice, one below the other: first a histogram of the bin's width of each
// row of pixels that they reach, in workgroup memory, then of these the bins, a direction an invocation.

@group(0) @binding(0) var<storage, read> shape: FrameShape;
@group(0) @binding(1) var<storage, read> gradients: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> pooled: array<f32>; // width × lattice row × lattice column × direction

const WORKGROUP: u32 = POOLED_PLACES * ORIENTATIONS;
// of the widest bins
const MOST_ROWS: u32 = (POOLED_PLACES - 1u) * CELL_PX + (CELL_PX << BIN_LEVELS);

var<workgroup> narrowed: array<mat2x4<f32>, MOST_ROWS>;

// The shares of one gradient: linear between the two nearest of eight directions.
fn histogram(gradient: vec2<f32>) -> mat2x4<f32> {
    let directions = vec4<f32>(0.0, 1.0, 2.0, 3.0);
    let low = abs(gradient.y - directions);
    let high = abs(gradient.y - directions - 4.0);
    let turn = vec4<f32>(f32(ORIENTATIONS));
    let zero = vec4<f32>();
    return gradient.x * mat2x4<f32>(max(1.0 - min(low, turn - low), zero), max(1.0 - min(high, turn - high), zero));
}

// The first of the 2b pixels of a bin along an axis.
fn first_pixel(place: u32, width_px: u32) -> i32 {
    let centre = place * CELL_PX + CELL_PX / 2u + bin_offset_px(width_px);
    return i32(centre) - i32(LATTICE_MARGIN * CELL_PX + width_px);
}

// Of the k-th of a bin's pixels along an axis; the bin's centre is between the two in the middle.
fn triangle(k: u32, width_px: u32) -> f32 {
    return 1.0 - abs(f32(k) + 0.5 - f32(width_px)) / f32(width_px);
}

fn pool_row(y: i32, first: i32, width_px: u32) -> mat2x4<f32> {
    var sum = mat2x4<f32>();
    if (y < 0 || y >= i32(shape.height)) {
        return sum;
    }
    let start = u32(max(-first, 0));
    let end = u32(clamp(i32(shape.width) - first, 0, i32(2u * width_px)));
    for (var k = start; k < end; k++) {
        sum += triangle(k, width_px) * histogram(gradients[u32(y) * shape.width + u32(first + i32(k))]);
    }
    return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let runs = (lattice_rows() + POOLED_PLACES - 1u) / POOLED_PLACES;
    let index = workgroup_index(workgroup, workgroups);
    let column = index / runs % lattice_columns();
    let level = index / runs / lattice_columns();
    if (level >= BIN_LEVELS) {
        return;
    }
    let width_px = CELL_PX << level;
    let first_place = index % runs * POOLED_PLACES;
    let first_x = first_pixel(column, width_px);
    let first_y = first_pixel(first_place, width_px);
    for (var row = local; row < (POOLED_PLACES - 1u) * CELL_PX + 2u * width_px; row += WORKGROUP) {
        narrowed[row] = pool_row(first_y + i32(row), first_x, width_px);
    }
    workgroupBarrier();
    let place = first_place + local / ORIENTATIONS;
    let bin = local % ORIENTATIONS;
    if (place >= lattice_rows()) {
        return;
    }
    var sum = 0.0;
    for (var k = 0u; k < 2u * width_px; k++) {
        let row = narrowed[local / ORIENTATIONS * CELL_PX + k];
        let four = select(row[0], row[1], bin >= 4u);
        sum += triangle(k, width_px) * four[bin % 4u];
    }
    pooled[((level * lattice_rows() + place) * lattice_columns() + column) * ORIENTATIONS + bin] = sum;
}
