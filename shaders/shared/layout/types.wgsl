// The structs that cross to the GPU; their Rust twins are in src/kernels/layout.rs. The constants
// are those of src/constants.rs.

// What the caller says of one pair. Pixels; world units for the 3-D points.
struct PairInput {
    camera1: vec4<f32>, // fx, fy, cx, cy
    camera2: vec4<f32>,
    skew: vec2<f32>,
    threshold: f32,
    match_start: u32,
    match_count: u32,
    seed_low: u32,
    seed_high: u32,
    enabled: u32,
}

// normalised = (x − offset) · scale on each side.
struct Pair {
    offset1: vec3<f32>,
    match_start: u32,
    scale1: vec3<f32>,
    match_count: u32,
    offset2: vec3<f32>,
    flags: u32,
    scale2: vec3<f32>,
    sampleable: u32, // matches that may be sampled
    metric: vec4<f32>, // one threshold in normalised units, for x1, y1, x2, y2
    seed: vec2<u32>,
    iterations: u32,
    budget: u32, // hypotheses at most
}

struct Settings {
    pair_count: u32,
    hypotheses: u32, // a pair and round, at most
    sample_size: u32,
    max_solutions: u32,
    candidates: u32, // refined a pair and round
    min_iterations: u32,
    max_iterations: u32,
    log_miss: f32, // ln(1 − confidence)
    weigh_sampling: u32,
    weighing: u32, // KNOWS_WEIGHTS and those after it
    sample_ratio_below: f32,
    kind: u32,
    first_round: u32, // hypotheses of the first round; a later one has as many as there were before
    rounds: u32, // at most
    weigh_matches: u32, // whether match_facts are used
    solver_hypotheses: u32, // a workgroup of the solver
    min_inliers: u32, // of a model
    candidates_a_pair: u32, // of all rounds, and those recovered from planes
    key_points: u32, // whether their agreement counts in the final score
    diagnose: u32, // whether what the estimate leaves open is looked for
    match_capacity: u32, // matches that all pairs have room for
    priors: u32, // 1 where a prior of each pair is one more candidate of the first round, else 0
    magsac: array<vec4<f32>, MAGSAC_VECTORS>, // the pole, then the coefficients, lowest first
}

// The round under way: pair of each slot, for the pairs that are not finished.
struct Progress {
    active_pairs: u32,
    hypotheses: u32, // a pair in this round
    first_hypothesis: u32,
    round: u32,
    candidates: u32, // refined a pair in this round, the prior too
    pairs: array<u32>,
}

// Of each pair, round and rank, and then of what was recovered from planes; what is lacking is not found.
struct Candidate {
    rows: array<vec4<f32>, 3>,
    score: f32,
    final_score: f32, // with the agreement of key points, once refined
    needed: u32, // hypotheses, once refined, for the confidence asked for
    model: u32, // hypothesis of the round × max_solutions + solution
    hypothesis: u32, // of all rounds
    found: u32,
    least: f32, // of a finalist: the final score below which no refinement is kept
    scale_sq: f32, // of the Cauchy loss of its next refinement, where that goes by its noise
}

// What an estimate leaves open.
struct PairDiagnosis {
    homography: array<vec4<f32>, 3>, // in pixels
    second_motion: array<vec4<f32>, 3>,
    second_score: f32,
    homography_inliers: u32,
    rotation_inliers: u32,
    flags: u32, // PLANAR and those after it
}

// What the caller gets of one pair: the model in pixels or world units.
struct PairResult {
    rows: array<vec4<f32>, 3>,
    score: f32,
    inliers: u32,
    iterations: u32,
    status: u32, // 0 found, 16 no model, else the pair's flags
    log_rest: f32, // ln of the chance that no sample of its inliers only was drawn
}

// One refinement: which candidates, what is minimised, and when its result is kept.
struct Refinement {
    first: u32, // place of those of a pair
    count: u32, // of each pair; 0: the candidates of the round under way
    stride: u32, // from a pair to the next
    loss: u32,
    scale_sq: f32, // of the Cauchy loss, in thresholds squared; 0: the model's own
    reach_sq: f32, // farther matches take no part, thresholds squared
    iterations: u32,
    keep: u32, // KEEP_BETTER or one after it
    by_neighbours: u32, // whether matches weigh what their neighbours say
}

// Whether the matches of a pair are looked at, by what the caller says of it.
fn can_be_estimated(settings_: Settings, input: PairInput) -> bool {
    return input.enabled != 0u && input.threshold > 0.0 && input.match_count >= settings_.sample_size;
}

// A weighing of matches by their neighbours: of which finalists of each pair, and where it is written.
struct Coherence {
    first: u32, // place of the finalists of a pair
    places: u32, // from it on
    again: u32, // whether matches too far from their model keep what they had
}

// How many of the candidates of the round under way, the last ones, are priors (rounds count from 1).
fn priors_of(settings_: Settings, round: u32) -> u32 {
    return select(0u, settings_.priors, round == 1u);
}

// The place of a candidate of the round under way (rounds count from 1).
fn candidate_place(settings_: Settings, pair: u32, round: u32, rank: u32) -> u32 {
    return pair * settings_.candidates_a_pair + (round - 1u) * settings_.candidates + rank;
}
