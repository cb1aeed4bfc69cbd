// Rotation and translation error of motions [R | t], and their gradients. Twin: src/cpu/train/pose_loss.rs.
// params: motions, hypotheses a pair, kind.

@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> truths: array<vec4<f32>>; // a pair

// Sines and lengths below this have no gradient.
const TINY: f32 = 1e-6;

struct PoseError {
    value: f32,
    gradient: array<vec4<f32>, 3>,
}

struct AngleSlope {
    by_sine: f32,
    by_cosine: f32,
}

// Of the angle with this sine and cosine, up to a common factor.
fn angle_slope(sine: f32, cosine: f32) -> AngleSlope {
    let square = sine * sine + cosine * cosine;
    return AngleSlope(cosine / square, -sine / square);
}

// Half the sum of the two errors of a motion.
fn pose_error(row: u32) -> PoseError {
    let first = 3u * (row / params[1]);
    let model = array<vec4<f32>, 3>(models[3u * row], models[3u * row + 1u], models[3u * row + 2u]);
    let truth = array<vec4<f32>, 3>(truths[first], truths[first + 1u], truths[first + 2u]);
    var error: PoseError;
    // d[i][j] = row i of R · row j of the true R
    var d: array<vec3<f32>, 3>;
    for (var i = 0u; i < 3u; i++) {
        let r = model[i].xyz;
        d[i] = vec3<f32>(dot(r, truth[0].xyz), dot(r, truth[1].xyz), dot(r, truth[2].xyz));
    }
    let v = vec3<f32>(d[2].y - d[1].z, d[0].z - d[2].x, d[1].x - d[0].y);
    let sine = length(v);
    let cosine = d[0].x + d[1].y + d[2].z - 1.0;
    error.value = 0.5 * atan2(sine, cosine);
    if (sine > TINY) {
        let slope = angle_slope(sine, cosine);
        let u = 0.5 * slope.by_sine * v / sine;
        let c = 0.5 * slope.by_cosine;
        let rows = array<vec3<f32>, 3>(vec3<f32>(c, -u.z, u.y), vec3<f32>(u.z, c, -u.x), vec3<f32>(-u.y, u.x, c));
        for (var i = 0u; i < 3u; i++) {
            let by_r = rows[i].x * truth[0].xyz + rows[i].y * truth[1].xyz + rows[i].z * truth[2].xyz;
            error.gradient[i] = vec4<f32>(by_r, 0.0);
        }
    }
    let t = vec3<f32>(model[0].w, model[1].w, model[2].w);
    let true_t = vec3<f32>(truth[0].w, truth[1].w, truth[2].w);
    var by_t = vec3<f32>();
    if (params[2] >= POSE) {
        let distance_ = length(t - true_t);
        error.value += 0.5 * distance_;
        if (distance_ > TINY) {
            by_t = (t - true_t) / distance_;
        }
    } else {
        let normal = cross(t, true_t);
        let sine_t = length(normal);
        let cosine_t = dot(t, true_t);
        error.value += 0.5 * atan2(sine_t, abs(cosine_t));
        if (sine_t > TINY) {
            let slope = angle_slope(sine_t, abs(cosine_t));
            by_t = slope.by_sine * cross(true_t, normal) / sine_t + slope.by_cosine * sign(cosine_t) * true_t;
        }
    }
    for (var i = 0u; i < 3u; i++) {
        error.gradient[i].w = 0.5 * by_t[i];
    }
    return error;
}
