// Distance of a rigid transform by the moved point y, r = (y − other) / metric: ½ |r|², its gradient and Hessian. Twin:
// src/cpu/train/pose_system.rs.

struct PointTerms {
    loss: f32,
    slope: vec3<f32>,
    curvature: mat3x3<f32>,
}

fn point_terms(y: vec3<f32>, other: vec3<f32>, metric: vec4<f32>, whole: f32) -> PointTerms {
    let c = 1.0 / (metric.z * metric.z);
    let d = y - other;
    return PointTerms(0.5 * c * dot(d, d), c * d, mat3x3<f32>(c, 0.0, 0.0, 0.0, c, 0.0, 0.0, 0.0, c));
}

// −∂/∂other of slope · v.
fn by_other(y: vec3<f32>, v: vec3<f32>, metric: vec4<f32>) -> vec3<f32> {
    return v / (metric.z * metric.z);
}
