// What transfer and reprojection errors share.

struct Terms {
    residual: vec3<f32>,
    image: vec2<f32>,   // y₁₂/y₃
    scale: vec2<f32>,   // 1/(y₃ metric)
}

fn residual_terms(m: array<vec4<f32>, 3>, metric: vec4<f32>, match_: Match) -> Terms {
    let y = map_point(m, match_);
    let inverse_depth = 1.0 / y.z;
    let image = y.xy * inverse_depth;
    let residual = (image - image_point(match_)) / metric.zw;
    return Terms(vec3<f32>(residual, 0.0), image, inverse_depth / metric.zw);
}

fn derivative(t: array<vec4<f32>, 3>, terms: Terms, match_: Match) -> vec3<f32> {
    let d = map_point(t, match_);
    return vec3<f32>((d.xy - terms.image * d.z) * terms.scale, 0.0);
}
