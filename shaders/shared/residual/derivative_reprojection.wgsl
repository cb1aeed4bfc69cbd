// Reprojection error r = (y₁₂/y₃ − x) / metric, y = [R | t] X, and its derivative along a tangent.
// Twin: src/cpu/search/refine_model.rs.

const DIMENSIONS: u32 = 2u;

fn map_point(m: array<vec4<f32>, 3>, match_: Match) -> vec3<f32> {
    let x = vec4<f32>(match_.a.xyz, 1.0);
    return vec3<f32>(dot(m[0], x), dot(m[1], x), dot(m[2], x));
}

fn image_point(match_: Match) -> vec2<f32> {
    return match_.b.xy;
}
