// The homography that explains the most of a pair's inliers, in pixels, and how many; one pair a workgroup.
// Twin: src/cpu/recover/explain_by_homography.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> inlier_mask: array<u32>;
@group(0) @binding(4) var<storage, read> results: array<PairResult>;
@group(0) @binding(5) var<storage, read_write> diagnoses: array<PairDiagnosis>;

const WORKGROUP: u32 = 128u;
const SAMPLE_SIZE: u32 = 4u;

fn takes_part(index: u32) -> bool {
    return inlier_mask[index] != 0u;
}

fn is_picked(index: u32) -> bool {
    return takes_part(index);
}

// The models of so many hypotheses: an invocation looks up each match, then one solves each sample.
fn solve_samples(pair: Pair, inliers: u32, first: u32, local: u32) {
    let source = Source(0u, inliers, ALIKE);
    let sample = draw_sample(source, pair.seed, first + local / SAMPLE_SIZE, SAMPLE_SIZE);
    // repeated points where none could be drawn, which give no model
    let number = select(0u, sample_entry(sample, local % SAMPLE_SIZE), sample.size == SAMPLE_SIZE);
    lane_vectors[local] = matches[picked_match(pair, number)];
    workgroupBarrier();
    if (local < MODELS) {
        let at = SAMPLE_SIZE * local;
        let h = homography_of_four(lane_vectors[at], lane_vectors[at + 1u], lane_vectors[at + 2u], lane_vectors[at + 3u]);
        store_model(h, local);
    }
    workgroupBarrier();
}

fn write_diagnosis(index: u32, pair: Pair, found: bool, explained: u32, inliers: u32) {
    let is_planar = found && 100u * explained >= EXPLAINED_PERCENT * inliers;
    let flags = select(0u, HAS_HOMOGRAPHY, found) | select(0u, PLANAR, is_planar);
    diagnoses[index].flags = (diagnoses[index].flags & ~(HAS_HOMOGRAPHY | PLANAR)) | flags;
    diagnoses[index].homography_inliers = explained;
    var rows = array<vec4<f32>, 3>();
    if (found) {
        rows = rows_of(homography_in_pixels(plane, pair), vec3<f32>());
    }
    diagnoses[index].homography = rows;
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
    let pair = pairs[index];
    var inliers = 0u;
    var explained = 0u;
    var found = false;
    if (results[index].status == 0u) {
        inliers = count_picked(pair, local);
        if (inliers >= SAMPLE_SIZE) {
            found = search_picked(pair, inliers, local);
        }
    }
    if (found) {
        if (local == 0u) {
            plane = best_model;
        }
        explained = refit(pair, local);
    }
    if (local == 0u) {
        write_diagnosis(index, pair, found, explained, inliers);
    }
}
