// How many inliers of an essential matrix a rotation without any translation explains; one pair a workgroup.
// Twin: src/cpu/recover/explain_by_rotation.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> inlier_mask: array<u32>;
@group(0) @binding(4) var<storage, read> results: array<PairResult>;
@group(0) @binding(5) var<storage, read_write> diagnoses: array<PairDiagnosis>;

const WORKGROUP: u32 = 128u;
const NONE: u32 = 0xffffffffu;
// Of the second singular value to the first, below which a rotation cannot be told from the rays in f32.
const LEAST_RATIO: f32 = 1e-7;

var<workgroup> compared: array<vec4<f32>, COMPARED>;
// Those of the compared matches that each hypothesis explains; NONE where it has no rotation.
var<workgroup> explained: array<u32, ROTATION_HYPOTHESES>;
var<workgroup> winner: u32;
var<workgroup> sums: array<Explained, WORKGROUP>;

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

fn run_length(pair: Pair) -> u32 {
    return (pair.match_count + WORKGROUP - 1u) / WORKGROUP;
}

// Sums up the inliers of the runs of matches that the invocations have; how many there are.
fn count_inliers(pair: Pair, local: u32) -> u32 {
    let first = min(local * run_length(pair), pair.match_count);
    let end = min(first + run_length(pair), pair.match_count);
    var count = 0u;
    for (var k = first; k < end; k++) {
        count += select(0u, 1u, inlier_mask[pair.match_start + k] != 0u);
    }
    return sum_up(local, count);
}

// The inlier of this rank, by ascending index.
fn inlier_at(pair: Pair, rank: u32) -> vec4<f32> {
    var low = 0u;
    var high = WORKGROUP - 1u;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (ends[middle] <= rank) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    var left = rank - select(0u, ends[max(low, 1u) - 1u], low > 0u);
    var k = low * run_length(pair);
    while (k + 1u < pair.match_count) {
        if (inlier_mask[pair.match_start + k] != 0u) {
            if (left == 0u) {
                break;
            }
            left--;
        }
        k++;
    }
    return matches[pair.match_start + k];
}

// Two different ranks below the count; as sample_minimal of the CPU.
fn sample_two(seed: vec2<u32>, hypothesis: u32, count: u32) -> vec2<u32> {
    var first = NONE;
    var words = vec4<u32>();
    for (var draw = 0u; draw < MAX_DRAWS; draw++) {
        if (draw % 4u == 0u) {
            words = pcg4d(vec4<u32>(seed, hypothesis, draw / 4u));
        }
        let rank = multiply_high(words.x, count);
        words = words.yzwx;
        if (first == NONE) {
            first = rank;
        } else if (rank != first) {
            return vec2<u32>(first, rank);
        }
    }
    return vec2<u32>(NONE);
}

// The rotation that brings two rays closest to two others. Sum and difference of two unit vectors are orthogonal, so that they
// are the singular vectors.
fn align_two(a: vec4<f32>, b: vec4<f32>) -> Fit {
    let sum1 = ray(a.xy) + ray(b.xy);
    let sum2 = ray(a.zw) + ray(b.zw);
    let difference1 = ray(a.xy) - ray(b.xy);
    let difference2 = ray(a.zw) - ray(b.zw);
    let exists = dot(difference1, difference1) * dot(difference2, difference2) > 0.0;
    let frame1 = orthonormalized(mat3x3<f32>(sum1, difference1, sum1));
    let frame2 = orthonormalized(mat3x3<f32>(sum2, difference2, sum2));
    return Fit(frame2 * transpose(frame1), exists);
}

fn hypothesis_of(pair: Pair, hypothesis: u32, count: u32) -> Fit {
    let sample = sample_two(pair.seed, hypothesis, count);
    if (sample.x == NONE) {
        return Fit(mat3x3<f32>(), false);
    }
    return align_two(inlier_at(pair, sample.x), inlier_at(pair, sample.y));
}

// Of the compared matches, those that a hypothesis explains.
fn compare(pair: Pair, hypothesis: u32, inliers: u32, count: u32) -> u32 {
    let fit = hypothesis_of(pair, hypothesis, inliers);
    let transfer = make_transfer(fit.rotation, pair.metric);
    var result = 0u;
    for (var k = 0u; k < count; k++) {
        result += select(0u, 1u, transfer_sq(transfer, compared[k]) < EXPLAINED_SQ);
    }
    return select(NONE, result, fit.exists);
}

// The first hypothesis that explains the most, of those up to where a clean sample was drawn for all but certain.
fn best_hypothesis(count: u32) -> u32 {
    var best = NONE;
    var most = 0u;
    var log_dirty = 0.0; // logarithm of the chance of a sample that is not clean
    for (var hypothesis = 0u; hypothesis < ROTATION_HYPOTHESES; hypothesis++) {
        if (f32(hypothesis) * log_dirty <= log(MISS) && best != NONE) {
            break;
        }
        let own = explained[hypothesis];
        if (own != NONE && (best == NONE || own > most)) {
            best = hypothesis;
            most = own;
            let share = f32(own) / f32(count);
            log_dirty = log(max(1.0 - share * share, 1e-30));
        }
    }
    return best;
}

// What a rotation explains of all inliers.
fn sum_explained(pair: Pair, rotation: mat3x3<f32>, local: u32) -> Explained {
    let transfer = make_transfer(rotation, pair.metric);
    var own = Explained();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let x = matches[pair.match_start + k];
        if (inlier_mask[pair.match_start + k] != 0u && transfer_sq(transfer, x) < EXPLAINED_SQ) {
            let p = ray(x.xy);
            let q = ray(x.zw);
            own.covariance += mat3x3<f32>(q * p.x, q * p.y, q * p.z - vec3<f32>(0.0, 0.0, 1.0));
            own.count++;
        }
    }
    sums[local] = own;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            sums[local].covariance += sums[local + step].covariance;
            sums[local].count += sums[local + step].count;
        }
        workgroupBarrier();
    }
    return workgroupUniformLoad(&sums[0]);
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

// Inliers that the best rotation explains.
fn explain(pair: Pair, inliers: u32, local: u32) -> u32 {
    let step = (inliers + COMPARED - 1u) / COMPARED;
    let count = (inliers + step - 1u) / step;
    for (var k = local; k < count; k += WORKGROUP) {
        compared[k] = inlier_at(pair, k * step);
    }
    workgroupBarrier();
    for (var hypothesis = local; hypothesis < ROTATION_HYPOTHESES; hypothesis += WORKGROUP) {
        explained[hypothesis] = compare(pair, hypothesis, inliers, count);
    }
    workgroupBarrier();
    if (local == 0u) {
        winner = best_hypothesis(count);
    }
    let best = workgroupUniformLoad(&winner);
    if (best == NONE) {
        return 0u;
    }
    return refit(pair, hypothesis_of(pair, best, inliers).rotation, local);
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
        inliers = count_inliers(pair, local);
        if (inliers >= 2u) {
            explained_ = explain(pair, inliers, local);
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
