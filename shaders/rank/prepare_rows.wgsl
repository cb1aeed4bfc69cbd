// What the network sees of each match: its normalised points, and the input row of what is known of it; a pair a workgroup.
// Twin: src/cpu/rank/prepare_rows.rs.

@group(0) @binding(0) var<storage, read> batch: Batch;
@group(0) @binding(1) var<storage, read> raw_matches: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> ratios: array<u32>;
// scales in both images, then orientations, degrees
@group(0) @binding(3) var<storage, read> key_points: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> sharing: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> matches: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> rows: array<f32>;

const WORKGROUP: u32 = 256u;
const MATCH_VECTORS: u32 = 1u;
// the order of a ratio that is not known
const UNKNOWN: u32 = 0xffffffffu;
// the lowest ratio of a match's copies
const COPIES_RATIO: u32 = 7u;
// what takes the place of the tables once they are read: of each first, the lowest ratio and the number of its partners
const LOWEST_1: u32 = 0u;
const LOWEST_2: u32 = 1u;
const PARTNERS_1: u32 = 2u;
const PARTNERS_2: u32 = 3u;
// and at last the ratios in their order
const SORTED: u32 = 0u;

// (point − mean) / unit, image 1 in x and y, image 2 in z and w.
struct Views {
    mean: vec4<f32>,
    unit: vec2<f32>,
}

fn raw_match(index: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(raw_matches[index]);
}

// Mean 0, mean square of the coordinates 1, of all but absurd points. Sums are of deviations from the middle by their mean, so that
// they neither overflow nor cancel.
fn views_of(r: Range, local: u32) -> Views {
    let sampled = min(r.count, BULK_SAMPLE);
    let sample = raw_match(r.start + spread_index(local, sampled, r.count));
    let bulk1 = bulk_of(vec3<f32>(sample.xy, 0.0), sampled, local);
    let bulk2 = bulk_of(vec3<f32>(sample.zw, 0.0), sampled, local);
    let middle = vec4<f32>(bulk1.centre.xy, bulk2.centre.xy);
    var sums = vec4<f32>();
    for (var k = local; k < r.count; k += WORKGROUP) {
        let m = raw_match(r.start + k);
        let off = abs(m - middle);
        sums += select(vec4<f32>(), vec4<f32>(off.x + off.y, off.z + off.w, 1.0, 1.0), is_usual(bulk1, bulk2, m).xzxz);
    }
    sums = workgroup_total(sums, local);
    let count = max(sums.zw, vec2<f32>(1.0));
    let mean_off = select(vec2<f32>(1.0), sums.xy / count, sums.xy > vec2<f32>());
    sums = vec4<f32>();
    for (var k = local; k < r.count; k += WORKGROUP) {
        let m = raw_match(r.start + k);
        sums += select(vec4<f32>(), (m - middle) / mean_off.xxyy, is_usual(bulk1, bulk2, m));
    }
    let mean = middle + mean_off.xxyy * (workgroup_total(sums, local) / count.xxyy);
    sums = vec4<f32>();
    for (var k = local; k < r.count; k += WORKGROUP) {
        let m = raw_match(r.start + k);
        let off = select(vec4<f32>(), (m - mean) / mean_off.xxyy, is_usual(bulk1, bulk2, m));
        sums += vec4<f32>(dot(off.xy, off.xy), dot(off.zw, off.zw), 0.0, 0.0);
    }
    let square = workgroup_total(sums, local).xy / (2.0 * count);
    return Views(mean, select(vec2<f32>(1.0), mean_off * sqrt(square), square > vec2<f32>()));
}

// Of either image, for both coordinates.
fn is_usual(bulk1: Bulk, bulk2: Bulk, m: vec4<f32>) -> vec4<bool> {
    let usual1 = reaches(bulk1, vec3<f32>(m.xy, 0.0), ABSURD);
    let usual2 = reaches(bulk2, vec3<f32>(m.zw, 0.0), ABSURD);
    return vec4<bool>(usual1, usual1, usual2, usual2);
}

// The bits of a ratio that is known, which have the order of the numbers; zero has one sign.
fn ratio_order(index: u32) -> u32 {
    let bits = ratios[index];
    let known = bits < 0x7f800000u || bits == 0x80000000u;
    return select(UNKNOWN, bits & 0x7fffffffu, known);
}

fn count_partners(r: Range, local: u32) {
    find_originals(r, local);
    clear(r, LOWEST_1, 2u, UNKNOWN, local);
    clear(r, PARTNERS_1, 2u, 0u, local);
    clear(r, COPIES_RATIO, 1u, UNKNOWN, local);
    storageBarrier();
    for (var k = local; k < r.count; k += WORKGROUP) {
        let original = load(r, ORIGINAL, k);
        atomicMin(&sharing[place(r, COPIES_RATIO, original)], ratio_order(r.start + k));
        if (original == k) {
            atomicAdd(&sharing[place(r, PARTNERS_1, load(r, FIRST_1, k))], 1u);
            atomicAdd(&sharing[place(r, PARTNERS_2, load(r, FIRST_2, k))], 1u);
        }
    }
    storageBarrier();
    for (var k = local; k < r.count; k += WORKGROUP) {
        let ratio = load(r, COPIES_RATIO, load(r, ORIGINAL, k));
        atomicMin(&sharing[place(r, LOWEST_1, load(r, FIRST_1, k))], ratio);
        atomicMin(&sharing[place(r, LOWEST_2, load(r, FIRST_2, k))], ratio);
    }
    storageBarrier();
}

// ln of how many partners a match's point has, and whether none of them has a lower ratio.
fn among_partners(r: Range, k: u32) -> vec2<f32> {
    let first1 = load(r, FIRST_1, k);
    let first2 = load(r, FIRST_2, k);
    let partners = max(load(r, PARTNERS_1, first1), load(r, PARTNERS_2, first2));
    let ratio = load(r, COPIES_RATIO, load(r, ORIGINAL, k));
    let is_lowest = ratio <= load(r, LOWEST_1, first1) && ratio <= load(r, LOWEST_2, first2);
    return vec2<f32>(select(log(f32(partners)), 0.0, partners <= 1u), select(0.0, 1.0, is_lowest));
}

// ln of the scales' ratio in normalised units, cosine and sine of the orientations' difference, and whether these are known.
fn shape_of(index: u32, unit: vec2<f32>) -> vec4<f32> {
    let key = key_points[index];
    if (!(key.x > 0.0 && key.y > 0.0)) {
        return vec4<f32>();
    }
    let turn = turn_between(key.z, key.w);
    return vec4<f32>(log(key.y / key.x * (unit.x / unit.y)), turn.x, -turn.y, 1.0);
}

// All of a row but its ratio's place.
fn write_row(r: Range, k: u32, views: Views, shares: bool) {
    let index = r.start + k;
    let normalised = (raw_match(index) - views.mean) / views.unit.xxyy;
    matches[index] = clamp(normalised, vec4<f32>(-f32(FARTHEST_OF_ROW)), vec4<f32>(f32(FARTHEST_OF_ROW)));
    let order = ratio_order(index);
    let is_known = order != UNKNOWN;
    let shape = shape_of(index, views.unit);
    var partners = vec2<f32>(0.0, 1.0);
    if (shares) {
        partners = among_partners(r, k);
    }
    let first = index * ROW_COLUMNS;
    rows[first] = select(0.0, 5.0 * (bitcast<f32>(order) - 0.7), is_known);
    rows[first + LN_SCALE] = shape.x;
    rows[first + COS_ANGLE] = shape.y;
    rows[first + SIN_ANGLE] = shape.z;
    rows[first + 4u] = partners.x;
    rows[first + 5u] = partners.y;
    rows[first + 7u] = select(0.0, 1.0, is_known);
    rows[first + SHAPE_KNOWN] = shape.w;
}

// The lower of two numbers to the lower place; beyond the last are those that are higher than all.
fn put_in_order(r: Range, low: u32, high: u32) {
    if (high >= r.count) {
        return;
    }
    let a = load(r, SORTED, low);
    let b = load(r, SORTED, high);
    if (a > b) {
        atomicStore(&sharing[place(r, SORTED, low)], b);
        atomicStore(&sharing[place(r, SORTED, high)], a);
    }
}

// A bitonic sort whose every exchange goes upwards.
fn sort_ratios(r: Range, local: u32) {
    storageBarrier();
    for (var k = local; k < r.count; k += WORKGROUP) {
        atomicStore(&sharing[place(r, SORTED, k)], ratio_order(r.start + k));
    }
    storageBarrier();
    for (var half = 1u; half < r.count; half *= 2u) {
        let pairs = (r.count + 2u * half - 1u) / (2u * half) * half;
        for (var p = local; p < pairs; p += WORKGROUP) {
            let begin = p / half * 2u * half;
            put_in_order(r, begin + p % half, begin + 2u * half - 1u - p % half);
        }
        storageBarrier();
        for (var step = half / 2u; step > 0u; step /= 2u) {
            for (var p = local; p < pairs; p += WORKGROUP) {
                let low = p / step * 2u * step + p % step;
                put_in_order(r, low, low + step);
            }
            storageBarrier();
        }
    }
}

// How many of the sorted numbers are below this one.
fn how_many_below(r: Range, number: u32) -> u32 {
    var low = 0u;
    var high = r.count;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (load(r, SORTED, middle) < number) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

// The place of each ratio among the known ones, lowest −1 to highest 1, equal ones alike.
fn write_ranks(r: Range, local: u32) {
    let known = how_many_below(r, UNKNOWN);
    for (var k = local; k < r.count; k += WORKGROUP) {
        let order = ratio_order(r.start + k);
        var rank = 0.0;
        if (order != UNKNOWN) {
            rank = f32(how_many_below(r, order) + how_many_below(r, order + 1u)) / f32(known) - 1.0;
        }
        rows[(r.start + k) * ROW_COLUMNS + RATIO_RANK] = rank;
    }
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let pair = workgroup_index(workgroup, workgroups);
    if (pair >= batch.pairs) {
        return;
    }
    let start = batch.offsets[pair];
    let r = Range(start, batch.offsets[pair + 1u] - start, start * SHARING_WORDS);
    if (r.count == 0u) {
        return;
    }
    let views = views_of(r, local);
    let shares = find_shared(r, local);
    if (shares) {
        count_partners(r, local);
    }
    for (var k = local; k < r.count; k += WORKGROUP) {
        write_row(r, k, views, shares);
    }
    sort_ratios(r, local);
    write_ranks(r, local);
}
