// The credit of each match of points that others have too; needs sharing.wgsl, whose words it has for what it counts.
// Twin: src/cpu/search/weigh_matches/credits.rs.

// the likelihood of the likeliest of a match's copies
const LIKELIEST: u32 = 7u;
// what takes the place of the tables once they are read: of each original
const DOUBT: u32 = 0u;
const SUREST: u32 = 1u;
// and of each first
const TOTAL_1: u32 = 2u;
const TOTAL_2: u32 = 3u;

fn sum_of(local: u32, value: u32) -> u32 {
    if (local == 0u) {
        atomicStore(&joined, 0u);
    }
    workgroupBarrier();
    atomicAdd(&joined, value);
    workgroupBarrier();
    if (local == 0u) {
        told = atomicLoad(&joined);
    }
    return workgroupUniformLoad(&told);
}

// Counts of each copy, point and side what the credits are made of.
fn count_shared(r: Range, local: u32) {
    find_originals(r, local);
    clear(r, TOTAL_1, 2u, 0u, local);
    clear(r, LIKELIEST, 1u, 0u, local);
    storageBarrier();
    for (var k = local; k < r.count; k += WORKGROUP) {
        atomicMax(&sharing[place(r, LIKELIEST, load(r, ORIGINAL, k))], likelihood(r, k));
    }
    storageBarrier();
    clear(r, DOUBT, 2u, EMPTY, local);
    storageBarrier();
    for (var k = local; k < r.count; k += WORKGROUP) {
        let original = load(r, ORIGINAL, k);
        atomicMin(&sharing[place(r, DOUBT, original)], doubt(r, k));
        if (original == k) {
            let likelihood = load(r, LIKELIEST, k);
            atomicAdd(&sharing[place(r, TOTAL_1, load(r, FIRST_1, k))], likelihood);
            atomicAdd(&sharing[place(r, TOTAL_2, load(r, FIRST_2, k))], likelihood);
        }
    }
    storageBarrier();
    for (var k = local; k < r.count; k += WORKGROUP) {
        let original = load(r, ORIGINAL, k);
        if (doubt(r, k) == load(r, DOUBT, original)) {
            atomicMin(&sharing[place(r, SUREST, original)], k);
        }
    }
    storageBarrier();
}

// How likely a match is right, in fixed point: all alike in space, and where nothing is known.
fn likelihood(r: Range, k: u32) -> u32 {
    if (MATCH_VECTORS == 2u || !is_set(KNOWS_RATIOS)) {
        return 1u;
    }
    return fixed_in(-fixed_bits(r.count), share_of_right(ratios[r.start + k]));
}

// The lower the surer, by the weight or else by the ratio.
fn doubt(r: Range, k: u32) -> u32 {
    if (is_set(KNOWS_WEIGHTS)) {
        let bits = weights[r.start + k];
        return ~select(bits, 0u, (bits << 1u) == 0u);
    }
    if (is_set(KNOWS_RATIOS)) {
        // in the order of the numbers, of which zero is one
        var bits = ratios[r.start + k];
        bits = select(bits, 0u, (bits << 1u) == 0u);
        return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
    }
    return 0u;
}

// The likelihoods of all matches of its point together, on the side where that is more.
fn total(r: Range, k: u32) -> u32 {
    return max(load(r, TOTAL_1, load(r, FIRST_1, k)), load(r, TOTAL_2, load(r, FIRST_2, k)));
}

// The upper median of the totals: the lowest number that more than half of them do not exceed.
fn median_total(r: Range, local: u32) -> u32 {
    var low = 1u;
    var high = r.count;
    while (low < high) {
        let middle = (low + high) / 2u;
        var within = 0u;
        for (var k = local; k < r.count; k += WORKGROUP) {
            within += select(0u, 1u, total(r, k) <= middle);
        }
        if (sum_of(local, within) > r.count / 2u) {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return low;
}

fn credit_of(r: Range, usual: u32, k: u32) -> Scaled {
    let original = load(r, ORIGINAL, k);
    if (load(r, SUREST, original) != k) {
        return ZERO;
    }
    let all_of = total(r, k);
    let share = quotient(min(usual * load(r, LIKELIEST, original), all_of), max(all_of, 1u));
    if (MATCH_VECTORS == 2u) {
        return squared(share);
    }
    return cubed(share);
}
