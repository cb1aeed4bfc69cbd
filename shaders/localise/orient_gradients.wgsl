// The gradient of a grey image at each pixel, length and direction in eighths of a turn, after smoothing by the binomial filter
// 1 4 6 4 1; beyond the borders the outermost pixels go on. A tile of the image a workgroup. Twin:
// src/cpu/localise/orient_gradients.rs.

@group(0) @binding(0) var<storage, read> shape: FrameShape;
@group(0) @binding(1) var<storage, read> grey: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradients: array<vec2<f32>>;

const SMOOTHED: u32 = TILE_PX + 2u;
const WIDE: u32 = SMOOTHED + 4u;
const WORKGROUP: u32 = TILE_PX * TILE_PX;

// of the tile and three pixels around it
var<workgroup> values: array<f32, WIDE * WIDE>;
// smoothed along rows: WIDE × SMOOTHED
var<workgroup> narrowed: array<f32, WIDE * SMOOTHED>;
// smoothed along both: of the tile and a pixel around it
var<workgroup> smoothed: array<f32, SMOOTHED * SMOOTHED>;

fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// Of the pixel, or of the nearest one inside; what is no number is black.
fn grey_at(x: i32, y: i32) -> f32 {
    let inside = clamp(vec2<i32>(x, y), vec2<i32>(), vec2<i32>(i32(shape.width), i32(shape.height)) - 1);
    let value = grey[u32(inside.y) * shape.width + u32(inside.x)];
    return select(0.0, clamp(value, 0.0, 1.0), is_finite(value));
}

fn load_values(first: vec2<i32>, local: u32) {
    for (var i = local; i < WIDE * WIDE; i += WORKGROUP) {
        values[i] = grey_at(first.x - 3 + i32(i % WIDE), first.y - 3 + i32(i / WIDE));
    }
}

// The first of the five values around a smoothed place along an axis; beyond the image it is that of the outermost pixel.
fn first_tap(place: u32, first: i32, pixels: u32) -> u32 {
    return u32(clamp(first - 1 + i32(place), 0, i32(pixels) - 1) - first + 1);
}

fn smooth_rows(first: i32, local: u32) {
    for (var i = local; i < WIDE * SMOOTHED; i += WORKGROUP) {
        let v = i / SMOOTHED * WIDE + first_tap(i % SMOOTHED, first, shape.width);
        narrowed[i] = (values[v] + 4.0 * values[v + 1u] + 6.0 * values[v + 2u] + 4.0 * values[v + 3u] + values[v + 4u]) / 16.0;
    }
}

fn smooth_columns(first: i32, local: u32) {
    for (var i = local; i < SMOOTHED * SMOOTHED; i += WORKGROUP) {
        let n = first_tap(i / SMOOTHED, first, shape.height) * SMOOTHED + i % SMOOTHED;
        let outer = narrowed[n] + narrowed[n + 4u * SMOOTHED];
        let inner = narrowed[n + SMOOTHED] + narrowed[n + 3u * SMOOTHED];
        smoothed[i] = (outer + 4.0 * inner + 6.0 * narrowed[n + 2u * SMOOTHED]) / 16.0;
    }
}

// The angle in eighths of a turn, 0..8; 0 of no gradient, of which atan2 may be anything.
fn direction(along: vec2<f32>, length_: f32) -> f32 {
    if (!(length_ > 0.0)) {
        return 0.0;
    }
    let turn = f32(ORIENTATIONS);
    let eighths = atan2(along.y, along.x) * (turn / 6.283185307179586);
    return clamp(select(eighths, eighths + turn, eighths < 0.0), 0.0, turn - 1e-6);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tiles_across = (shape.width + TILE_PX - 1u) / TILE_PX;
    let tile = workgroup_index(workgroup, workgroups);
    let first = vec2<i32>(vec2<u32>(tile % tiles_across, tile / tiles_across) * TILE_PX);
    if (u32(first.y) >= shape.height) {
        return;
    }
    load_values(first, local);
    workgroupBarrier();
    smooth_rows(first.x, local);
    workgroupBarrier();
    smooth_columns(first.y, local);
    workgroupBarrier();
    let x = u32(first.x) + local % TILE_PX;
    let y = u32(first.y) + local / TILE_PX;
    if (x >= shape.width || y >= shape.height) {
        return;
    }
    let s = (local / TILE_PX + 1u) * SMOOTHED + local % TILE_PX + 1u;
    let right_left = smoothed[s + 1u] - smoothed[s - 1u];
    let down_up = smoothed[s + SMOOTHED] - smoothed[s - SMOOTHED];
    let along = 0.5 * vec2<f32>(right_left, down_up);
    let length_ = length(along);
    gradients[y * shape.width + x] = vec2<f32>(length_, direction(along, length_));
}
