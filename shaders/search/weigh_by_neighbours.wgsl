// What each match of a pair weighs in the refinement of some of its finalists: its weight times the agreement of its neighbours
// with the model, squared. A match an invocation. Twin: src/cpu/search/weigh_by_neighbours.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<uniform> coherence: Coherence;
@group(0) @binding(2) var<storage, read> pairs: array<Pair>;
@group(0) @binding(3) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> match_facts: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> finalists: array<Candidate>;
@group(0) @binding(6) var<storage, read> neighbours: array<u32>;
// of each place that takes part, of all matches
@group(0) @binding(7) var<storage, read_write> coherent_weights: array<f32>;

const WORKGROUP: u32 = WEIGHED_MATCHES;

// How much a match agrees with the model; one without a residual does not.
fn agreement(t: f32) -> f32 {
    let farthest = AGREEMENT * AGREEMENT;
    return select(0.0, 1.0 - t / farthest, t < farthest);
}

fn agreement_around(model: Residual, index: u32) -> f32 {
    var agreeing = 0.0;
    var all_ = 0.0;
    for (var k = 0u; k < COHERENT_NEIGHBOURS; k++) {
        let other = neighbours[index * COHERENT_NEIGHBOURS + k];
        let weight = refinement_weight(other);
        agreeing += weight * agreement(residual_sq(model, Match(matches[other])));
        all_ += weight;
    }
    let share = max(select(0.0, agreeing / all_, all_ > 0.0), LEAST_AGREEMENT);
    return share * share;
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let turn = turn_of(workgroup_index(workgroup, workgroups), workgroups, settings.pair_count * coherence.places);
    let place = turn.range / max(settings.pair_count, 1u);
    if (place >= coherence.places || settings.pair_count == 0u) {
        return;
    }
    let pair_index = turn.range % settings.pair_count;
    let finalist = pair_index * FINALIST_PLACES + coherence.first + place;
    let pair = pairs[pair_index];
    if (pair.flags != 0u || finalists[finalist].found == 0u) {
        return;
    }
    let model = make_residual(finalists[finalist].rows, pair.metric);
    for (var k = turn.first * WORKGROUP + local; k < pair.match_count; k += turn.step * WORKGROUP) {
        let index = pair.match_start + k;
        let to = place * settings.match_capacity + index;
        if (residual_sq(model, Match(matches[index])) < WIDE_REACH * WIDE_REACH) {
            coherent_weights[to] = refinement_weight(index) * agreement_around(model, index);
        } else if (coherence.again == 0u) {
            coherent_weights[to] = refinement_weight(index);
        }
    }
}
