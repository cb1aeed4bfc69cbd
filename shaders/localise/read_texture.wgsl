// The grey image at the map's height of a colour texture of any size, a pixel an invocation: the luma of Rec. 601, averaged by a
// triangle as wide as two pixels of the coarser image. Twin: src/cpu/localise/read_texture.rs, which goes along the axes in turn.

@group(0) @binding(0) var<storage, read> shape: FrameShape;
@group(0) @binding(1) var colors: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> grey: array<f32>;

// The texels that a pixel takes along an axis.
struct Taps {
    first: u32,
    last: u32,
    centre: f32,
    reach: f32,
}

fn taps_at(place: u32, texels: u32, pixels: u32) -> Taps {
    let step = f32(texels) / f32(pixels);
    let reach = max(step, 1.0);
    let centre = (f32(place) + 0.5) * step - 0.5;
    let first = u32(max(ceil(centre - reach), 0.0));
    return Taps(first, min(u32(max(centre + reach, 0.0)), texels - 1u), centre, reach);
}

fn weight_of(taps: Taps, texel: u32) -> f32 {
    return max(1.0 - abs(f32(texel) - taps.centre) / taps.reach, 0.0);
}

// The curve of sRGB, undone by the sampling of an sRGB texture: grey is made of levels as a file has them.
fn levels(linear: vec3<f32>) -> vec3<f32> {
    let curved = 1.055 * pow(max(linear, vec3<f32>(1e-6)), vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(curved, 12.92 * linear, linear <= vec3<f32>(0.0031308));
}

fn luma_at(x: u32, y: u32) -> f32 {
    let color = textureLoad(colors, vec2<u32>(x, y), 0).rgb;
    return dot(select(color, levels(color), shape.encode != 0u), vec3<f32>(0.299, 0.587, 0.114));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= shape.width * shape.height) {
        return;
    }
    let size = textureDimensions(colors);
    let across = taps_at(index % shape.width, size.x, shape.width);
    let down = taps_at(index / shape.width, size.y, shape.height);
    var sum = 0.0;
    var total = 0.0;
    for (var y = down.first; y <= down.last; y++) {
        let weight_down = weight_of(down, y);
        for (var x = across.first; x <= across.last; x++) {
            let weight = weight_down * weight_of(across, x);
            sum += weight * luma_at(x, y);
            total += weight;
        }
    }
    grey[index] = clamp(sum / total, 0.0, 1.0);
}
