// A match of two views is one vec4: x1, y1, x2, y2.

const MATCH_VECTORS: u32 = 1u;

struct Match {
    a: vec4<f32>,
}

fn make_match(a: vec4<f32>, b: vec4<f32>) -> Match {
    return Match(a);
}

fn match_side1(m: Match) -> vec3<f32> {
    return vec3<f32>(m.a.xy, 0.0);
}

fn match_side2(m: Match) -> vec3<f32> {
    return vec3<f32>(m.a.zw, 0.0);
}

fn match_vector(side1: vec3<f32>, side2: vec3<f32>, vector: u32) -> vec4<f32> {
    return vec4<f32>(side1.xy, side2.xy);
}
