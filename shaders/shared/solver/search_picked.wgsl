// The search for a transfer that explains the most of the matches that is_picked picks, compared on some of them. Another part declares
// SAMPLE_SIZE, and solve_samples(pair, picked, first, local), which stores the models of so many hypotheses as MODELS says.

// Matches, spread over those picked, that hypotheses are compared by.
var<workgroup> compared: array<vec4<f32>, COMPARED>;

// How many are compared.
fn gather_compared(pair: Pair, picked: u32, local: u32) -> u32 {
    let step = (picked + COMPARED - 1u) / COMPARED;
    let run = run_of(pair, local);
    var number = picked_before(local);
    for (var index = run.x; index < run.y; index++) {
        if (is_picked(index)) {
            if (number % step == 0u) {
                compared[number / step] = matches[index];
            }
            number++;
        }
    }
    workgroupBarrier();
    return (picked + step - 1u) / step;
}

fn count_explained(count: u32, metric: vec4<f32>, local: u32) {
    let transfer = make_transfer(models[local % MODELS], metric);
    var explained = 0u;
    for (var k = local / MODELS; k < count; k += SHARES) {
        explained += select(0u, 1u, transfer_sq(transfer, compared[k]) < EXPLAINED_SQ);
    }
    counts[local] = explained;
}

// Whether there is a model, which is `best_model`.
fn search_picked(pair: Pair, picked: u32, local: u32) -> bool {
    let count = gather_compared(pair, picked, local);
    start_search(local);
    for (var first = 0u; first < HYPOTHESES; first += MODELS) {
        solve_samples(pair, picked, first, local);
        count_explained(count, pair.metric, local);
        if (take_counts(first, count, SAMPLE_SIZE, local)) {
            break;
        }
    }
    return workgroupUniformLoad(&search).found != 0u;
}
