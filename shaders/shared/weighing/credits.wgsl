// Matches that share a point with others, and the credit of each. Points are found by hash tables with open addressing in
// `sharing`, which has so many words a match: two tables of twice as many slots as matches, then, of each match, the first match
// of its point on either side, that of both its points, and the likelihood of the likeliest of its copies.
// Twin: src/cpu/search/weigh_matches/credits.rs.

const EMPTY: u32 = 0xffffffffu;
const TABLE_1: u32 = 0u;
const TABLE_2: u32 = 2u;
const FIRST_1: u32 = 4u;
const FIRST_2: u32 = 5u;
const ORIGINAL: u32 = 6u;
const LIKELIEST: u32 = 7u;
// what takes the place of the tables once they are read: of each original
const DOUBT: u32 = 0u;
const SUREST: u32 = 1u;
// and of each first
const TOTAL_1: u32 = 2u;
const TOTAL_2: u32 = 3u;

// The matches of a pair, and the first word of theirs.
struct Range {
    start: u32,
    count: u32,
    words: u32,
}

var<workgroup> joined: atomic<u32>;
var<workgroup> told: u32;

fn place(r: Range, what: u32, k: u32) -> u32 {
    return r.words + what * r.count + k;
}

fn load(r: Range, what: u32, k: u32) -> u32 {
    return atomicLoad(&sharing[place(r, what, k)]);
}

fn clear(r: Range, what: u32, columns: u32, value: u32, local: u32) {
    for (var k = local; k < columns * r.count; k += WORKGROUP) {
        atomicStore(&sharing[place(r, what, k)], value);
    }
}

// The bits of all joined, to all.
fn any_of(local: u32, bits: u32) -> u32 {
    if (local == 0u) {
        atomicStore(&joined, 0u);
    }
    workgroupBarrier();
    atomicOr(&joined, bits);
    workgroupBarrier();
    if (local == 0u) {
        told = atomicLoad(&joined);
    }
    return workgroupUniformLoad(&told);
}

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

// By what a match is told apart: its point on side 0 or 1, or (2) both its points; zero has one sign.
fn key(r: Range, which: u32, k: u32) -> vec3<u32> {
    if (which == 2u) {
        return vec3<u32>(load(r, FIRST_1, k), load(r, FIRST_2, k), 0u);
    }
    let first = raw_matches[(r.start + k) * MATCH_VECTORS];
    var point = select(vec3<u32>(first.xy, 0u), vec3<u32>(first.zw, 0u), which == 1u);
    if (MATCH_VECTORS == 2u) {
        point = raw_matches[(r.start + k) * MATCH_VECTORS + which].xyz;
    }
    return select(point, vec3<u32>(), (point << vec3<u32>(1u)) == vec3<u32>());
}

// A match of the same key as this one: the same for all of them.
fn equal_of(r: Range, table: u32, which: u32, k: u32) -> u32 {
    let wanted = key(r, which, k);
    let slots = 2u * r.count;
    var slot = multiply_high(pcg4d(vec4<u32>(wanted, which)).x, slots);
    // the exchange may fail for no reason, hence more tries than slots
    for (var tries = 0u; tries < 2u * slots; tries++) {
        let found = atomicCompareExchangeWeak(&sharing[place(r, table, slot)], EMPTY, k);
        if (found.exchanged) {
            return k;
        }
        if (found.old_value == EMPTY) {
            continue;
        }
        if (all(key(r, which, found.old_value) == wanted)) {
            return found.old_value;
        }
        slot = select(slot + 1u, 0u, slot + 1u == slots);
    }
    return k;
}

// Finds the points that occur more than once; whether there are any.
fn find_shared(r: Range, local: u32) -> bool {
    clear(r, TABLE_1, 4u, EMPTY, local);
    storageBarrier();
    var shares = 0u;
    for (var k = local; k < r.count; k += WORKGROUP) {
        let first = vec2<u32>(equal_of(r, TABLE_1, 0u, k), equal_of(r, TABLE_2, 1u, k));
        atomicStore(&sharing[place(r, FIRST_1, k)], first.x);
        atomicStore(&sharing[place(r, FIRST_2, k)], first.y);
        shares |= select(0u, 1u, any(first != vec2<u32>(k)));
    }
    storageBarrier();
    return any_of(local, shares) != 0u;
}

// Counts of each copy, point and side what the credits are made of.
fn count_shared(r: Range, local: u32) {
    clear(r, TABLE_1, 2u, EMPTY, local);
    clear(r, TOTAL_1, 2u, 0u, local);
    clear(r, LIKELIEST, 1u, 0u, local);
    storageBarrier();
    for (var k = local; k < r.count; k += WORKGROUP) {
        let original = equal_of(r, TABLE_1, 2u, k);
        atomicStore(&sharing[place(r, ORIGINAL, k)], original);
        atomicMax(&sharing[place(r, LIKELIEST, original)], likelihood(r, k));
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
