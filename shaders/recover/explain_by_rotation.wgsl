// How many inliers of an essential matrix a rotation without any translation explains; one pair a workgroup.
// Twin: src/cpu/recover/explain_by_rotation.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> inlier_mask: array<u32>;
@group(0) @binding(4) var<storage, read> results: array<PairResult>;
@group(0) @binding(5) var<storage, read_write> diagnoses: array<PairDiagnosis>;

const WORKGROUP: u32 = 128u;
const SAMPLE_SIZE: u32 = 2u;
// Of the second singular value to the first, below which a rotation cannot be told from the rays in f32.
const LEAST_RATIO: f32 = 1e-7;

// What a rotation explains: how many matches, and Σ q pᵀ of their rays, but for the last entry, from which as much is taken as
// matches have been added: in it the others would drown.
struct Explained {
    covariance: mat3x3<f32>,
    count: u32,
}

struct Fit {
    rotation: mat3x3<f32>,
    exists: bool,
}

fn ray(x: vec2<f32>) -> vec3<f32> {
    return normalize(vec3<f32>(x, 1.0));
}

fn is_picked(index: u32) -> bool {
    return inlier_mask[index] != 0u;
}

// The rotation that brings two rays closest to two others. Sum and difference of two unit vectors are orthogonal, so that they
// are the singular vectors. Zero where the rays of a camera coincide.
fn model_of_two(a: vec4<f32>, b: vec4<f32>) -> mat3x3<f32> {
    let sum1 = ray(a.xy) + ray(b.xy);
    let sum2 = ray(a.zw) + ray(b.zw);
    let difference1 = ray(a.xy) - ray(b.xy);
    let difference2 = ray(a.zw) - ray(b.zw);
    if (dot(difference1, difference1) * dot(difference2, difference2) > 0.0) {
        let frame1 = orthonormalized(mat3x3<f32>(sum1, difference1, sum1));
        let frame2 = orthonormalized(mat3x3<f32>(sum2, difference2, sum2));
        return frame2 * transpose(frame1);
    }
    return mat3x3<f32>();
}

// What a rotation explains of all inliers.
fn sum_explained(pair: Pair, rotation: mat3x3<f32>, local: u32) -> Explained {
    let transfer = make_transfer(rotation, pair.metric);
    var own = Explained();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let x = matches[pair.match_start + k];
        if (is_picked(pair.match_start + k) && transfer_sq(transfer, x) < EXPLAINED_SQ) {
            let p = ray(x.xy);
            let q = ray(x.zw);
            own.covariance += mat3x3<f32>(q * p.x, q * p.y, q * p.z - vec3<f32>(0.0, 0.0, 1.0));
            own.count++;
        }
    }
    let x = workgroup_total(vec4<f32>(own.covariance[0], f32(own.count)), local);
    let y = workgroup_total(vec4<f32>(own.covariance[1], 0.0), local);
    let z = workgroup_total(vec4<f32>(own.covariance[2], 0.0), local);
    return Explained(mat3x3<f32>(x.xyz, y.xyz, z.xyz), u32(x.w));
}

// The rotation closest to the rays that are explained (Kabsch 1976).
fn fit_rotation(explained_: Explained) -> Fit {
    let c = explained_.covariance;
    let svd = svd3(mat3x3<f32>(c[0], c[1], c[2] + vec3<f32>(0.0, 0.0, f32(explained_.count))));
    let low = min(svd.sigma.x, svd.sigma.y);
    let high = max(svd.sigma.x, svd.sigma.y);
    let middle = clamp(svd.sigma.z, low, high);
    return Fit(closest_rotation(svd), middle > LEAST_RATIO * max(high, svd.sigma.z));
}

// Fits to what the last fit explains while that does not become less; how much is explained in the end.
fn refit(pair: Pair, first: mat3x3<f32>, local: u32) -> u32 {
    var rotation = first;
    var most = 0u;
    for (var fit = 0u; fit <= REFITS; fit++) {
        let found = sum_explained(pair, rotation, local);
        if (found.count < most) {
            break;
        }
        most = found.count;
        let next = fit_rotation(found);
        if (!next.exists) {
            break;
        }
        rotation = next.rotation;
    }
    return most;
}

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = workgroup_index(workgroup, workgroups);
    if (index >= settings.pair_count) {
        return;
    }
    var inliers = 0u;
    var explained_ = 0u;
    if (results[index].status == 0u) {
        let pair = pairs[index];
        inliers = count_picked(pair, local);
        if (inliers >= SAMPLE_SIZE && search_picked(pair, inliers, local)) {
            explained_ = refit(pair, best_model, local);
        }
    }
    if (local == 0u) {
        let is_rotation = explained_ > 0u && 100u * explained_ >= EXPLAINED_PERCENT * inliers;
        // without translation all motions of this rotation are alike
        let open = HAS_SECOND_MOTION | AMBIGUOUS;
        let others = diagnoses[index].flags & ~ROTATION_ONLY;
        diagnoses[index].flags = select(others, (others & ~open) | ROTATION_ONLY, is_rotation);
        diagnoses[index].rotation_inliers = explained_;
    }
}
