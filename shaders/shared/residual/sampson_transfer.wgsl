// First-order distance of a match to the nearest one that a homography maps exactly, with noise in both images (Sampson error;
// Hartley and Zisserman 2004, eq. 4.13), in thresholds squared: dᵀ (I + J Jᵀ)⁻¹ d of the transfer error d and its derivative J by
// the point in image 1; far when the point is mapped beyond infinity. Twin: SampsonTransfer of src/cpu/residual.rs.

const UNMAPPED: f32 = 1e30;

struct Transfer {
    row0: vec3<f32>,
    row1: vec3<f32>,
    row2: vec3<f32>,
    inverse_metric: vec2<f32>,
    unit_ratios: vec4<f32>, // thresholds of image 1 (x1, y1) in those of x2, then in those of y2
}

fn make_transfer(homography: mat3x3<f32>, metric: vec4<f32>) -> Transfer {
    let rows = transpose(homography);
    let inverse_metric = 1.0 / metric.zw;
    return Transfer(rows[0], rows[1], rows[2], inverse_metric, metric.xyxy * inverse_metric.xxyy);
}

fn transfer_sq(m: Transfer, match_: vec4<f32>) -> f32 {
    let x = vec3<f32>(match_.xy, 1.0);
    let depth = dot(m.row2, x);
    let inverse_depth = 1.0 / depth;
    let mapped = vec2<f32>(dot(m.row0, x), dot(m.row1, x)) * inverse_depth;
    let d = (mapped - match_.zw) * m.inverse_metric;
    let j = (m.row0.xy - mapped.x * m.row2.xy) * inverse_depth * m.unit_ratios.xy;
    let k = (m.row1.xy - mapped.y * m.row2.xy) * inverse_depth * m.unit_ratios.zw;
    // sums of squares: nothing cancels
    let turned = d.x * k - d.y * j;
    let area = j.x * k.y - j.y * k.x;
    let squares = dot(d, d) + dot(turned, turned);
    return select(UNMAPPED, squares / (1.0 + dot(j, j) + dot(k, k) + area * area), depth > 0.0);
}
