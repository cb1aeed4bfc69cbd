// The matches of a pair that is_picked(index) of another part picks, numbered by ascending index: each invocation has a run of
// matches, so that any number of them takes no room but the sums of the runs, `ends` of prefix_sums. Another part declares WORKGROUP.

// First match and end.
fn run_of(pair: Pair, local: u32) -> vec2<u32> {
    let run = (pair.match_count + WORKGROUP - 1u) / WORKGROUP;
    return pair.match_start + min(vec2<u32>(local, local + 1u) * run, vec2<u32>(pair.match_count));
}

// How many are picked.
fn count_picked(pair: Pair, local: u32) -> u32 {
    let run = run_of(pair, local);
    var count = 0u;
    for (var index = run.x; index < run.y; index++) {
        count += select(0u, 1u, is_picked(index));
    }
    return sum_up(local, count);
}

// Picked in the runs before.
fn picked_before(local: u32) -> u32 {
    return select(0u, ends[max(local, 1u) - 1u], local > 0u);
}

// The index of the picked match of a number below that of all.
fn picked_match(pair: Pair, number: u32) -> u32 {
    var low = 0u;
    var high = WORKGROUP - 1u;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (ends[middle] <= number) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    let run = run_of(pair, low);
    var left = number - picked_before(low);
    var index = run.x;
    for (; index + 1u < run.y; index++) {
        if (is_picked(index)) {
            if (left == 0u) {
                break;
            }
            left--;
        }
    }
    return index;
}
