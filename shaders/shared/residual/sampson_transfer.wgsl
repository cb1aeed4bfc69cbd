// First-order distance of a match to the nearest one that a homography maps exactly, with noise in both images (Hartley and
// Zisserman 2004, eq. 4.13), in thresholds squared; far when the point is mapped beyond infinity. Twin: SampsonTransfer of
// src/cpu/residual.rs.

struct Transfer {
    row0: vec3<f32>,
    row1: vec3<f32>,
    row2: vec3<f32>,
    inverse_metric: vec2<f32>,
    unit_ratios: vec4<f32>, // thresholds of image 1 in those of image 2: x1/x2, y1/x2, x1/y2, y1/y2
}

fn make_transfer(matrix: mat3x3<f32>, metric: vec4<f32>) -> Transfer {
    let rows = transpose(matrix);
    return Transfer(rows[0], rows[1], rows[2], 1.0 / metric.zw, metric.xyxy / metric.zzww);
}

fn transfer_sq(m: Transfer, x: vec4<f32>) -> f32 {
    let x1 = vec3<f32>(x.xy, 1.0);
    let depth = dot(m.row2, x1);
    let inverse_depth = 1.0 / depth;
    let mapped = vec2<f32>(dot(m.row0, x1), dot(m.row1, x1)) * inverse_depth;
    let d = (mapped - x.zw) * m.inverse_metric;
    // dᵀ (I + J Jᵀ)⁻¹ d with the derivatives J of the mapped point, row by row
    let j = (m.row0.xy - mapped.x * m.row2.xy) * inverse_depth * m.unit_ratios.xy;
    let k = (m.row1.xy - mapped.y * m.row2.xy) * inverse_depth * m.unit_ratios.zw;
    let xx = 1.0 + dot(j, j);
    let xy = dot(j, k);
    let yy = 1.0 + dot(k, k);
    let squares = d.x * (d.x * yy - d.y * xy) + d.y * (d.y * xx - d.x * xy);
    return select(1e30, squares / (xx * yy - xy * xy), depth > 0.0);
}
