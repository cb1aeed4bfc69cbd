// Whether two motions [R | t] with t of length 1 are one, in rotation and in direction. Twin: `is_same_motion` of
// src/cpu/search/choose_finalists.rs.

fn is_same_motion(a: array<vec4<f32>, 3>, b: array<vec4<f32>, 3>) -> bool {
    let trace = dot(a[0].xyz, b[0].xyz) + dot(a[1].xyz, b[1].xyz) + dot(a[2].xyz, b[2].xyz);
    let along = a[0].w * b[0].w + a[1].w * b[1].w + a[2].w * b[2].w;
    return 0.5 * (trace - 1.0) > COS_SAME_MOTION && along > COS_SAME_MOTION;
}
