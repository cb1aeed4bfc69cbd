// The model that explains the most matches, among hypotheses that are tried in their order until a sample without an outlier was
// drawn for all but certain; a workgroup counts for so many at a time as MODELS says. Twin: search of src/cpu/recover/compared.rs.
// Another part declares WORKGROUP.

const MODELS: u32 = 32u;
// Invocations that count for one model.
const SHARES: u32 = WORKGROUP / MODELS;

var<workgroup> models: array<mat3x3<f32>, MODELS>;
// 0 where the sample of a hypothesis gave none.
var<workgroup> is_model: array<u32, MODELS>;
// What the models explain; invocation share × MODELS + model.
var<workgroup> counts: array<u32, WORKGROUP>;
var<workgroup> best_model: mat3x3<f32>;
var<workgroup> search: Search;

struct Search {
    most: u32, // explained by the best model
    found: u32,
    needed: f32, // hypotheses
    finished: u32,
}

fn start_search(local: u32) {
    if (local == 0u) {
        search = Search(0u, 0u, f32(HYPOTHESES), 0u);
    }
    workgroupBarrier();
}

fn store_model(m: mat3x3<f32>, local: u32) {
    let norm_sq = dot(m[0], m[0]) + dot(m[1], m[1]) + dot(m[2], m[2]);
    // Written so that NaN fails it too.
    let exists = norm_sq > 1e-30 && norm_sq < 1e30;
    is_model[local] = select(0u, 1u, exists);
    models[local] = m * inverseSqrt(select(1.0, norm_sq, exists));
}

// Hypotheses until one is drawn of the explained matches only, for all but certain.
fn needed_for(explained: u32, compared: u32, sample_size: u32) -> f32 {
    var clean = 1.0;
    for (var k = 0u; k < sample_size; k++) {
        clean *= f32(explained) / f32(compared);
    }
    // by its series where 1 − p would round
    let log_miss = select(log(max(1.0 - clean, 1e-30)), -clean * (1.0 + 0.5 * clean), clean < 1e-3);
    return log(MISS) / min(log_miss, -1e-30);
}

// Takes the counts of the hypotheses from the first on; whether the search is over.
fn take_counts(first: u32, compared: u32, sample_size: u32, local: u32) -> bool {
    workgroupBarrier();
    if (local == 0u) {
        for (var m = 0u; m < MODELS && search.finished == 0u; m++) {
            if (f32(first + m) >= search.needed) {
                search.finished = 1u;
            } else if (is_model[m] != 0u) {
                take_count(m, compared, sample_size);
            }
        }
    }
    return workgroupUniformLoad(&search).finished != 0u;
}

fn take_count(m: u32, compared: u32, sample_size: u32) {
    var explained = 0u;
    for (var share = 0u; share < SHARES; share++) {
        explained += counts[share * MODELS + m];
    }
    if (search.found == 0u || explained > search.most) {
        best_model = models[m];
        search.most = explained;
        search.found = 1u;
        search.needed = min(search.needed, needed_for(explained, compared, sample_size));
    }
}
