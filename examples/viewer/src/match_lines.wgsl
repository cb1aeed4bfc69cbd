// Matches as lines from the one photograph to the other, with a disc at both ends, coloured by the estimator's inlier mask.
// 18 vertices an instance: the quads of the line and of the discs. Twice as many instances as matches: the outliers, then, on top, the inliers.

struct View {
    // x, y of a pixel of either image to the drawn area, screen pixels: scale, then offset
    area_from_image1: vec4<f32>,
    area_from_image2: vec4<f32>,
    // of lines opacity in w; 0 draws nothing
    inlier_colour: vec4<f32>,
    outlier_colour: vec4<f32>,
    // of the area, screen pixels
    size_px: vec2<f32>,
    half_width_px: f32,
    radius_px: f32,
    match_count: u32,
    // of inliers, of outliers
    disc_opacities: vec2<f32>,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> inlier_mask: array<u32>;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) colour: vec4<f32>,
    // from the line or from the middle of the disc, screen pixels
    @location(1) off_px: vec2<f32>,
    @location(2) extent_px: f32,
}

const CORNERS = array<vec2<f32>, 6>(
    vec2(-1.0, -1.0), vec2(1.0, -1.0), vec2(-1.0, 1.0), vec2(-1.0, 1.0), vec2(1.0, -1.0), vec2(1.0, 1.0),
);
// Where edges fade.
const SOFT_PX = 1.0;

@vertex
fn vertex(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    let draws_inliers = instance >= view.match_count;
    let place = select(instance, instance - view.match_count, draws_inliers);
    let colour = select(view.outlier_colour, view.inlier_colour, draws_inliers);
    if (inlier_mask[place] != 0u) != draws_inliers || colour.w == 0.0 {
        return Corner(vec4(2.0, 2.0, 2.0, 1.0), vec4(0.0), vec2(0.0), 0.0); // outside
    }
    // the centre of the top-left pixel is (0, 0)
    let points = matches[place] + 0.5;
    let end1 = points.xy * view.area_from_image1.xy + view.area_from_image1.zw;
    let end2 = points.zw * view.area_from_image2.xy + view.area_from_image2.zw;
    let corner = CORNERS[index % 6u];
    if index < 6u {
        let along = normalize(end2 - end1);
        let off = corner.y * (view.half_width_px + SOFT_PX);
        let at = select(end1, end2, corner.x > 0.0) + off * vec2(-along.y, along.x);
        return Corner(clip(at), colour, vec2(0.0, off), view.half_width_px);
    }
    let off = corner * (view.radius_px + SOFT_PX);
    let opacity = select(view.disc_opacities.y, view.disc_opacities.x, draws_inliers);
    return Corner(clip(select(end1, end2, index >= 12u) + off), vec4(colour.xyz, opacity), off, view.radius_px);
}

fn clip(area_px: vec2<f32>) -> vec4<f32> {
    let unit = area_px / view.size_px;
    return vec4(2.0 * unit.x - 1.0, 1.0 - 2.0 * unit.y, 0.0, 1.0);
}

@fragment
fn fragment(corner: Corner) -> @location(0) vec4<f32> {
    let covered = saturate(corner.extent_px + 0.5 - length(corner.off_px));
    let opacity = covered * corner.colour.w;
    return vec4(opacity * corner.colour.xyz, opacity);
}
