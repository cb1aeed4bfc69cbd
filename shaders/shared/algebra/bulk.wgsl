// Where most points of a set are, whatever the others are: the median of a sample of them along each axis, and their median
// distance from it along the axis in which a point is farthest. Twin: src/geometry/bulk.rs.

struct Bulk {
    centre: vec3<f32>,
    spread: f32,
}

var<workgroup> bulk_sample: array<vec3<f32>, BULK_SAMPLE>;
var<workgroup> bulk_median: vec3<f32>;

fn largest_of(v: vec3<f32>) -> f32 {
    return max(v.x, max(v.y, v.z));
}

// ⌊place · count / sampled⌋ of the places below `sampled`, without overflow.
fn spread_index(place: u32, sampled: u32, count: u32) -> u32 {
    let size = max(sampled, 1u);
    let taken = min(place, size - 1u);
    return taken * (count / size) + taken * (count % size) / size;
}

// The upper median along each axis of the values of the first invocations, as many as `sampled`.
fn median_of(value: vec3<f32>, sampled: u32, local: u32) -> vec3<f32> {
    if (local < sampled) {
        bulk_sample[local] = value;
    }
    workgroupBarrier();
    var rank = vec3<u32>();
    for (var k = 0u; k < sampled; k++) {
        let other = bulk_sample[k];
        rank += select(vec3<u32>(), vec3<u32>(1u), (other < value) | ((other == value) & vec3<bool>(k < local)));
    }
    for (var axis = 0u; axis < 3u; axis++) {
        if (local < sampled && rank[axis] == sampled / 2u) {
            bulk_median[axis] = value[axis];
        }
    }
    workgroupBarrier();
    let result = bulk_median;
    workgroupBarrier();
    return result;
}

// Of the points of the first invocations, as many as `sampled`.
fn bulk_of(point: vec3<f32>, sampled: u32, local: u32) -> Bulk {
    let centre = median_of(point, sampled, local);
    return Bulk(centre, median_of(vec3<f32>(largest_of(abs(point - centre))), sampled, local).x);
}

// Whether a point is at most so many times the spread from the centre; all are where half of them are one.
fn reaches(bulk: Bulk, point: vec3<f32>, spreads: u32) -> bool {
    return bulk.spread <= 0.0 || largest_of(abs(point - bulk.centre)) <= f32(spreads) * bulk.spread;
}

fn holds(bulk: Bulk, point: vec3<f32>) -> bool {
    return reaches(bulk, point, BULK_REACH);
}
