// A match with a 3-D point is two vec4: the 3-D point, and the other side's 2-D or 3-D point.

const MATCH_VECTORS: u32 = 2u;

struct Match {
    a: vec4<f32>,
    b: vec4<f32>,
}

fn make_match(a: vec4<f32>, b: vec4<f32>) -> Match {
    return Match(a, b);
}

fn match_side1(m: Match) -> vec3<f32> {
    return m.a.xyz;
}

fn match_side2(m: Match) -> vec3<f32> {
    return m.b.xyz;
}

fn match_vector(side1: vec3<f32>, side2: vec3<f32>, vector: u32) -> vec4<f32> {
    return vec4<f32>(select(side1, side2, vector == 1u), 0.0);
}
