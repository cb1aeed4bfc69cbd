// Transfer error r = (y₁₂/y₃ − x2) / metric, y = M x1, and its derivative along a tangent. Twin: src/cpu/search/refine_model.rs.

const DIMENSIONS: u32 = 2u;

fn map_point(m: array<vec4<f32>, 3>, match_: Match) -> vec3<f32> {
    let x = match_.a;
    return vec3<f32>(
        m[0].x * x.x + m[0].y * x.y + m[0].z,
        m[1].x * x.x + m[1].y * x.y + m[1].z,
        m[2].x * x.x + m[2].y * x.y + m[2].z,
    );
}

fn image_point(match_: Match) -> vec2<f32> {
    return match_.a.zw;
}
