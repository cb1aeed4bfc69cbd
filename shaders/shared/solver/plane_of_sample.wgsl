// The homography that explains five or more of the seven sample points of a candidate, if any does; the equation is in the twin,
// homography_of_sample of src/cpu/recover/recover_plane.rs. Part of recover/recover_plane: reads its buffers, writes `plane`.

const SAMPLE_SIZE: u32 = 7u;
// Every five of seven points hold one of these triplets of points, each of which gives a homography.
const TRIPLETS: u32 = 5u;
// Points that a homography is fitted to, the closest ones.
const CLOSEST: u32 = 5u;

var<workgroup> sample_points: array<vec4<f32>, SAMPLE_SIZE>;
var<workgroup> minimal_model: mat3x3<f32>;
// Of each triplet: the distances of the points from its homography, the closest points, the fit to these, and the points that it
// explains.
var<workgroup> distances_sq: array<f32, TRIPLETS * SAMPLE_SIZE>;
var<workgroup> closest_points: array<vec4<f32>, TRIPLETS * CLOSEST>;
var<workgroup> fits: array<mat3x3<f32>, TRIPLETS>;
var<workgroup> fitted: array<u32, TRIPLETS>;
var<workgroup> is_plane: u32;

fn match_at(i: u32) -> vec4<f32> {
    return closest_points[i];
}

fn weight_at(i: u32) -> f32 {
    return 1.0;
}

fn triplet_at(k: u32) -> vec3<u32> {
    switch k {
        case 0u: { return vec3<u32>(0u, 1u, 2u); }
        case 1u: { return vec3<u32>(3u, 4u, 5u); }
        case 2u: { return vec3<u32>(0u, 1u, 6u); }
        case 3u: { return vec3<u32>(3u, 4u, 6u); }
        default: { return vec3<u32>(2u, 5u, 6u); }
    }
}

// Whether the sample of the candidate could be drawn anew.
fn load_sample(pair: Pair, candidate: u32, local: u32) -> bool {
    if (local == 0u) {
        let hypothesis = candidates[candidate].hypothesis;
        let sample = draw_sample(source_of(pair, hypothesis), pair.seed, hypothesis, SAMPLE_SIZE);
        is_plane = select(0u, 1u, sample.size == SAMPLE_SIZE);
        for (var k = 0u; k < sample.size; k++) {
            sample_points[k] = matches[pair.match_start + sample_entry(sample, k)];
        }
        let row = 3u * candidate;
        let rows = array<vec4<f32>, 3>(minimal_models[row], minimal_models[row + 1u], minimal_models[row + 2u]);
        minimal_model = matrix_of(rows);
    }
    return workgroupUniformLoad(&is_plane) != 0u;
}

// v · x₁ of a point on the plane.
fn plane_offset(a: mat3x3<f32>, epipole2: vec3<f32>, x: vec4<f32>) -> f32 {
    let x2 = vec3<f32>(x.zw, 1.0);
    let parallax = cross(x2, epipole2);
    return dot(cross(x2, a * vec3<f32>(x.xy, 1.0)), parallax) / dot(parallax, parallax);
}

// The homography of three points and the fundamental matrix, up to its norm.
fn homography_of_triplet(triplet: vec3<u32>) -> mat3x3<f32> {
    let f = minimal_model;
    let epipole2 = normalize(longest3(cross(f[0], f[1]), cross(f[1], f[2]), cross(f[2], f[0])));
    let a = cross_matrix(epipole2) * f;
    let m0 = sample_points[triplet.x];
    let m1 = sample_points[triplet.y];
    let m2 = sample_points[triplet.z];
    let dual = cofactors(mat3x3<f32>(vec3<f32>(m0.xy, 1.0), vec3<f32>(m1.xy, 1.0), vec3<f32>(m2.xy, 1.0)));
    let offsets = vec3<f32>(plane_offset(a, epipole2, m0), plane_offset(a, epipole2, m1), plane_offset(a, epipole2, m2));
    let v = dual * offsets / dot(vec3<f32>(m0.xy, 1.0), dual[0]);
    let rough = a - mat3x3<f32>(epipole2 * v.x, epipole2 * v.y, epipole2 * v.z);
    return rough * sign((rough * vec3<f32>(m0.xy, 1.0)).z);
}

fn measure_points(metric: vec4<f32>, local: u32) {
    if (local < TRIPLETS * SAMPLE_SIZE) {
        let transfer = make_transfer(homography_of_triplet(triplet_at(local / SAMPLE_SIZE)), metric);
        let distance_sq = transfer_sq(transfer, sample_points[local % SAMPLE_SIZE]);
        // NaN is far, too
        distances_sq[local] = select(UNMAPPED, distance_sq, distance_sq < UNMAPPED);
    }
    workgroupBarrier();
}

fn choose_closest(local: u32) {
    if (local < TRIPLETS * SAMPLE_SIZE) {
        let own = distances_sq[local];
        let first = local / SAMPLE_SIZE * SAMPLE_SIZE;
        var rank = 0u;
        for (var other = first; other < first + SAMPLE_SIZE; other++) {
            let distance_sq = distances_sq[other];
            rank += select(0u, 1u, distance_sq < own || (distance_sq == own && other < local));
        }
        if (rank < CLOSEST) {
            closest_points[local / SAMPLE_SIZE * CLOSEST + rank] = sample_points[local - first];
        }
    }
    workgroupBarrier();
}

fn fit_closest(metric: vec4<f32>, local: u32) {
    if (local < TRIPLETS) {
        let h = unit_norm(linear_homography(local * CLOSEST, CLOSEST));
        let transfer = make_transfer(h, metric);
        var explained = 0u;
        for (var k = 0u; k < SAMPLE_SIZE; k++) {
            explained += select(0u, 1u, transfer_sq(transfer, sample_points[k]) < SAMPLE_SQ);
        }
        fits[local] = h;
        fitted[local] = explained;
    }
    workgroupBarrier();
}

// Whether there is such a homography, of the first triplet that gives one.
fn plane_of_sample(pair: Pair, candidate: u32, local: u32) -> bool {
    if (!load_sample(pair, candidate, local)) {
        return false;
    }
    measure_points(pair.metric, local);
    choose_closest(local);
    fit_closest(pair.metric, local);
    if (local == 0u) {
        is_plane = 0u;
        for (var k = 0u; k < TRIPLETS && is_plane == 0u; k++) {
            if (fitted[k] >= CLOSEST) {
                plane = fits[k];
                is_plane = 1u;
            }
        }
    }
    return workgroupUniformLoad(&is_plane) != 0u;
}
