// Matches that share a point with others. Points are found by hash tables with open addressing in `sharing`, which has
// SHARING_WORDS a match: two tables of twice as many slots as matches, then, of each match, a match of its point on either side,
// the same for all of that point, and one of both its points; the last word is the caller's. Needs WORKGROUP, MATCH_VECTORS and
// raw_matches.

const EMPTY: u32 = 0xffffffffu;
const TABLE_1: u32 = 0u;
const TABLE_2: u32 = 2u;
const FIRST_1: u32 = 4u;
const FIRST_2: u32 = 5u;
const ORIGINAL: u32 = 6u;

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

// Finds the first of each match's copies, in place of the first table.
fn find_originals(r: Range, local: u32) {
    clear(r, TABLE_1, 2u, EMPTY, local);
    storageBarrier();
    for (var k = local; k < r.count; k += WORKGROUP) {
        atomicStore(&sharing[place(r, ORIGINAL, k)], equal_of(r, TABLE_1, 2u, k));
    }
    storageBarrier();
}
