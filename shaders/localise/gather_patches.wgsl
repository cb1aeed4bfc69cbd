// The neighbourhoods of every stride-th pixel of a plane, so that a convolution is a product of rows and a matrix: a row of
// PATCH_PX × PATCH_PX × channels numbers a pixel, beyond the borders zeros. Four numbers an invocation. Twin:
// src/cpu/localise/gather_patches.rs, which makes those of a row of pixels at a time.

@group(0) @binding(0) var<storage, read> shape: PlaneShape;
@group(0) @binding(1) var<storage, read> plane: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> patches: array<vec4<f32>>;

const PIXELS: u32 = PATCH_PX * PATCH_PX;
// the place of what is beyond the borders
const NOWHERE: u32 = 0xffffffffu;

// Where in the plane a number of the patches is.
fn place_of(number: u32) -> u32 {
    let pixel = number / shape.channels;
    let middle = pixel / PIXELS;
    let beside = pixel % PIXELS;
    // one farther right and down, as there is nothing below 0
    let x = middle % shape.columns_out * shape.stride + beside % PATCH_PX;
    let y = middle / shape.columns_out * shape.stride + beside / PATCH_PX;
    if (x == 0u || y == 0u || x > shape.columns || y > shape.rows) {
        return NOWHERE;
    }
    return ((y - 1u) * shape.columns + x - 1u) * shape.channels + number % shape.channels;
}

fn number_at(place: u32) -> f32 {
    if (place == NOWHERE) {
        return 0.0;
    }
    return plane[place / 4u][place % 4u];
}

// The four from this one on.
fn four_at(number: u32) -> vec4<f32> {
    let place = place_of(number);
    if (shape.channels % 4u == 0u) {
        // of one pixel
        if (place == NOWHERE) {
            return vec4<f32>();
        }
        return plane[place / 4u];
    }
    return vec4<f32>(
        number_at(place),
        number_at(place_of(number + 1u)),
        number_at(place_of(number + 2u)),
        number_at(place_of(number + 3u)),
    );
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let four = invocation_index(workgroup, workgroups, local, 64u);
    if (4u * four >= shape.columns_out * shape.rows_out * PIXELS * shape.channels) {
        return;
    }
    patches[four] = four_at(4u * four);
}
