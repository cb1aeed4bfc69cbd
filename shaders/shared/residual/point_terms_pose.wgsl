// Reprojection error of a pose by the point y in the camera, r = (y₁₂/y₃ − x) / metric: ½ |r|², its gradient and Hessian. Twin:
// src/cpu/train/pose_system.rs.

struct PointTerms {
    loss: f32,
    slope: vec3<f32>,
    curvature: mat3x3<f32>,
}

// `whole` is 1, or 0 for the Hessian without what is linear in r.
fn point_terms(y: vec3<f32>, other: vec3<f32>, metric: vec4<f32>, whole: f32) -> PointTerms {
    let inverse_depth = 1.0 / y.z;
    let image = y.xy * inverse_depth;
    let r = (image - other.xy) / metric.zw;
    // ∂r/∂y
    let a = vec3<f32>(1.0, 0.0, -image.x) * (inverse_depth / metric.z);
    let b = vec3<f32>(0.0, 1.0, -image.y) * (inverse_depth / metric.w);
    let slope = r.x * a + r.y * b;
    // Σ ∇r ∇rᵀ − (s e₃ᵀ + e₃ sᵀ)/y₃
    let bend = whole * inverse_depth * slope;
    let curvature = mat3x3<f32>(
        a * a.x + b * b.x - vec3<f32>(0.0, 0.0, bend.x),
        a * a.y + b * b.y - vec3<f32>(0.0, 0.0, bend.y),
        a * a.z + b * b.z - bend - vec3<f32>(0.0, 0.0, bend.z),
    );
    return PointTerms(select(1e30, 0.5 * dot(r, r), y.z > 0.0), slope, curvature);
}

// −∂/∂other of slope · v.
fn by_other(y: vec3<f32>, v: vec3<f32>, metric: vec4<f32>) -> vec3<f32> {
    return vec3<f32>((v.xy - y.xy / y.z * v.z) / (y.z * metric.zw * metric.zw), 0.0);
}
