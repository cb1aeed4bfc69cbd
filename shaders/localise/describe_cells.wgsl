// A descriptor of each cell: 4 × 4 bins of eight directions around it at three widths, each width by itself to a sum of 1, then the
// square root. A cell a workgroup, half a bin an invocation. Twin: src/cpu/localise/describe_cells.rs.

@group(0) @binding(0) var<storage, read> shape: FrameShape;
@group(0) @binding(1) var<storage, read> pooled: array<vec4<f32>>; // width × lattice row × lattice column × 2
@group(0) @binding(2) var<storage, read_write> descriptors: array<vec4<f32>>; // cell × DESCRIPTOR_COLUMNS / 4

const SIDE: u32 = 4u;
// half bins of a width
const OF_WIDTH: u32 = SIDE * SIDE * ORIENTATIONS / 4u;
const WORKGROUP: u32 = BIN_LEVELS * OF_WIDTH;
// a Gaussian of half the descriptor's width
const BY_PLACE: vec4<f32> = vec4<f32>(0.7548396, 0.9692332, 0.9692332, 0.7548396);
const FLOOR: f32 = 1e-3;

var<workgroup> sums: array<f32, WORKGROUP>;

// The place on the lattice of a descriptor's bin: (bin − 1.5) widths from the cell's.
fn bin_place(place: u32, bin: u32, width_px: u32) -> u32 {
    return (place * CELL_PX + bin * width_px - 3u * width_px / 2u - bin_offset_px(width_px)) / CELL_PX;
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let cell = workgroup_index(workgroup, workgroups);
    if (cell >= shape.columns * shape.rows) {
        return;
    }
    let level = local / OF_WIDTH;
    let width_px = CELL_PX << level;
    let bin = local % OF_WIDTH / 2u;
    let x = bin_place(cell % shape.columns + LATTICE_MARGIN, bin % SIDE, width_px);
    let y = bin_place(cell / shape.columns + LATTICE_MARGIN, bin / SIDE, width_px);
    let place = ((level * lattice_rows() + y) * lattice_columns() + x) * 2u + local % 2u;
    let value = BY_PLACE[bin / SIDE] * BY_PLACE[bin % SIDE] * pooled[place];
    sums[local] = dot(value, vec4<f32>(1.0));
    workgroupBarrier();
    var sum = FLOOR * f32(width_px * width_px);
    for (var k = 0u; k < OF_WIDTH; k++) {
        sum += sums[level * OF_WIDTH + k];
    }
    descriptors[cell * WORKGROUP + local] = sqrt(value / sum);
}
