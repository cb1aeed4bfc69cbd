// Distance of 3-D points r = (R X1 + t − X2) / metric, and its derivatives by the motion.
// Twin: src/cpu/search/refine_model.rs.

struct Terms {
    residual: vec3<f32>,
    scale: f32, // 1/metric
}

fn residual_terms(m: Model, metric: vec4<f32>, match_: Match) -> Terms {
    let scale = 1.0 / metric.z;
    return Terms((map_point(m, match_) - match_.b.xyz) * scale, scale);
}

fn add_terms(sums: ptr<function, Sums>, model: Model, terms: Terms, match_: Match, weight: f32) {
    let d_own = transpose(model.rotation) * terms.scale;
    let p = match_.a.xyz;
    let r = terms.residual;
    add_row(sums, cross(p, d_own[0]), vec3<f32>(terms.scale, 0.0, 0.0), r.x, weight);
    add_row(sums, cross(p, d_own[1]), vec3<f32>(0.0, terms.scale, 0.0), r.y, weight);
    add_row(sums, cross(p, d_own[2]), vec3<f32>(0.0, 0.0, terms.scale), r.z, weight);
}
