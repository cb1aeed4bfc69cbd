// The weighted mean of a pair's poses: the rotation closest to the mean of the matrices, at the mean of the camera centres.
// Twin: src/cpu/train/average_poses.rs, where the equations are.

@group(0) @binding(1) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;

// Means with a smaller sum of the two least signed singular values are undefined.
const LEAST_GAP: f32 = 1e-3;
// Poses with an entry beyond this take no part.
const LARGEST_ENTRY: f32 = 1e9;

const NOTHING: u32 = 0u;
const MEAN: u32 = 1u;
const UNDEFINED: u32 = 2u;

struct MeanPose {
    status: u32,
    // Σ p
    total: f32,
    // Σ p R / Σ p and Σ p c / Σ p
    rotations: mat3x3<f32>,
    centre: vec3<f32>,
    rotation: mat3x3<f32>,
    // the axes of S and the eigenvalues of tr S · I − S along them
    axes: mat3x3<f32>,
    sums: vec3<f32>,
}

fn pose_rows(row: u32) -> array<vec4<f32>, 3> {
    return array<vec4<f32>, 3>(models[3u * row], models[3u * row + 1u], models[3u * row + 2u]);
}

fn is_bounded(v: vec4<f32>) -> bool {
    return is_below(v.x, LARGEST_ENTRY) && is_below(v.y, LARGEST_ENTRY) && is_below(v.z, LARGEST_ENTRY)
        && is_below(v.w, LARGEST_ENTRY);
}

fn takes_part(row: u32) -> bool {
    let rows = pose_rows(row);
    let bounded = is_bounded(rows[0]) && is_bounded(rows[1]) && is_bounded(rows[2]);
    let is_model = any(rows[0].xyz != vec3<f32>()) || any(rows[1].xyz != vec3<f32>()) || any(rows[2].xyz != vec3<f32>());
    return weights[row] > 0.0 && is_below(weights[row], LARGEST_ENTRY) && bounded && is_model;
}

fn centre_of(rows: array<vec4<f32>, 3>) -> vec3<f32> {
    return -(rows[0].w * rows[0].xyz + rows[1].w * rows[1].xyz + rows[2].w * rows[2].xyz);
}

// Of a pair's rows; called by all invocations of a workgroup.
fn mean_pose(start: u32, end: u32, local: u32) -> MeanPose {
    // rows of Σ p [R | 1], and Σ p c
    var sums = array<vec4<f32>, 4>();
    for (var row = start + local; row < end; row += 64u) {
        if (takes_part(row)) {
            let rows = pose_rows(row);
            for (var k = 0u; k < 3u; k++) {
                sums[k] += weights[row] * vec4<f32>(rows[k].xyz, 1.0);
            }
            sums[3] += weights[row] * vec4<f32>(centre_of(rows), 0.0);
        }
    }
    for (var k = 0u; k < 4u; k++) {
        sums[k] = workgroup_sum(local, sums[k]);
    }
    var mean = MeanPose();
    mean.total = sums[0].w;
    if (!(mean.total > 0.0)) {
        return mean;
    }
    mean.rotations = matrix_of(array<vec4<f32>, 3>(sums[0], sums[1], sums[2])) * (1.0 / mean.total);
    mean.centre = sums[3].xyz / mean.total;
    let svd = svd3(mean.rotations);
    var signed = svd.sigma;
    let sign_ = select(1.0, -1.0, determinant(mean.rotations) < 0.0);
    signed[svd.smallest] *= sign_;
    mean.axes = svd.right;
    mean.sums = vec3<f32>(signed.y + signed.z, signed.z + signed.x, signed.x + signed.y);
    mean.status = UNDEFINED;
    if (min(mean.sums.x, min(mean.sums.y, mean.sums.z)) > LEAST_GAP) {
        mean.status = MEAN;
        mean.rotation = closest_rotation(svd);
    }
    return mean;
}

// What the gradients by the poses and by the weights share: those by Σ p R / Σ p and by Σ p c / Σ p.
struct MomentGradient {
    rotations: mat3x3<f32>,
    centre: vec3<f32>,
}

fn moment_gradient(mean: MeanPose, by_mean: array<vec4<f32>, 3>) -> MomentGradient {
    let by_translation = last_column(by_mean);
    let by_centre = -(by_translation * mean.rotation);
    let c = mean.centre;
    let by_rotation = matrix_of(by_mean) - mat3x3<f32>(by_translation * c.x, by_translation * c.y, by_translation * c.z);
    let a = transpose(mean.rotation) * by_rotation;
    let skew = vec3<f32>(a[1].z - a[2].y, a[2].x - a[0].z, a[0].y - a[1].x);
    let w = mean.axes * ((skew * mean.axes) / mean.sums);
    return MomentGradient(mean.rotation * cross_matrix(w), by_centre);
}
