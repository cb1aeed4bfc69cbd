// Distance of 3-D points r = ([R | t] X1 − X2) / metric, and its derivative along a tangent. Twin: src/cpu/search/refine_model.rs.

const DIMENSIONS: u32 = 3u;

struct Terms {
    residual: vec3<f32>,
    scale: f32, // 1/metric
}

fn map_point(m: array<vec4<f32>, 3>, match_: Match) -> vec3<f32> {
    let x = vec4<f32>(match_.a.xyz, 1.0);
    return vec3<f32>(dot(m[0], x), dot(m[1], x), dot(m[2], x));
}

fn residual_terms(m: array<vec4<f32>, 3>, metric: vec4<f32>, match_: Match) -> Terms {
    let scale = 1.0 / metric.z;
    return Terms((map_point(m, match_) - match_.b.xyz) * scale, scale);
}

fn derivative(t: array<vec4<f32>, 3>, terms: Terms, match_: Match) -> vec3<f32> {
    return map_point(t, match_) * terms.scale;
}
