// Sampson error r = C/√D and dr = (dC − C/D · ½dD)/√D along a tangent of the matrix. Twin: src/cpu/search/refine_model.rs.

const DIMENSIONS: u32 = 1u;

struct Terms {
    residual: vec3<f32>,
    root: f32,            // 1/√D
    ratio: f32,           // C/D
    lines: vec4<f32>,     // (M x1)₁₂ and (Mᵀ x2)₁₂, each times the squared metric
}

fn map_two_view(m: array<vec4<f32>, 3>, x: vec4<f32>) -> vec3<f32> {
    return vec3<f32>(
        m[0].x * x.x + m[0].y * x.y + m[0].z,
        m[1].x * x.x + m[1].y * x.y + m[1].z,
        m[2].x * x.x + m[2].y * x.y + m[2].z,
    );
}

fn residual_terms(m: array<vec4<f32>, 3>, metric: vec4<f32>, match_: Match) -> Terms {
    let x = match_.a;
    let line2 = map_two_view(m, x);
    let line1 = m[0].xy * x.z + m[1].xy * x.w + m[2].xy;
    let algebraic = x.z * line2.x + x.w * line2.y + line2.z;
    let lines = vec4<f32>(line2.xy, line1);
    let weighted = lines * metric.zwxy * metric.zwxy;
    let inverse = 1.0 / dot(lines, weighted);
    let root = sqrt(inverse);
    return Terms(vec3<f32>(algebraic * root, 0.0, 0.0), root, algebraic * inverse, weighted);
}

fn derivative(t: array<vec4<f32>, 3>, terms: Terms, match_: Match) -> vec3<f32> {
    let x = match_.a;
    let u = map_two_view(t, x);
    let v = t[0].xy * x.z + t[1].xy * x.w + t[2].xy;
    let d_algebraic = x.z * u.x + x.w * u.y + u.z;
    return vec3<f32>((d_algebraic - terms.ratio * dot(terms.lines, vec4<f32>(u.xy, v))) * terms.root, 0.0, 0.0);
}
