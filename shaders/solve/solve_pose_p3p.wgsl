// Pose of a calibrated camera from three points of known position.
//
// The depths λ along the unit rays y satisfy λᵢ² + λⱼ² − 2 λᵢλⱼ yᵢ·yⱼ = |Xᵢ − Xⱼ|². Two differences of these without a
// constant are cones in λ; a singular member of their pencil (a real root of a cubic) is a pair of planes, each of which
// meets the other cone in up to two rays (Persson and Nordberg 2018, "Lambda twist: an accurate fast robust perspective
// three point (P3P) solver"; the pair is split as in Ding et al. 2023, "Revisiting the P3P problem"). Newton steps on the
// depths make f32 enough.
// In: 3 × (world xyz0, image xy00). Out: at most 4 camera_from_world [R | t] with all points in front. None for collinear or
// repeated world points; rays that coincide give none or finite poses.

const DEGREE: u32 = 3u;
const MAX_MODELS: u32 = 4u;

/// Of the pencil.
var<private> cone1: mat3x3<f32>;
var<private> cone2: mat3x3<f32>;

/// Unit rays, corners in the world, and the squared sides of the pairs (1, 2), (0, 2) and (0, 1).
struct View {
    rays: array<vec3<f32>, 3>,
    world: array<vec3<f32>, 3>,
    sides_sq: vec3<f32>,
}

/// The solutions of a sample so far.
struct Found {
    count: u32,
    depths: array<vec3<f32>, MAX_MODELS>,
}

fn run_hypothesis(hypothesis: u32) {
    let first = 6u * hypothesis;
    var view: View;
    for (var i = 0u; i < 3u; i++) {
        view.world[i] = points[first + 2u * i].xyz;
        view.rays[i] = normalize(vec3(points[first + 2u * i + 1u].xy, 1.0));
    }
    let sides = mat3x3(view.world[1] - view.world[2], view.world[0] - view.world[2], view.world[0] - view.world[1]);
    view.sides_sq = vec3(dot(sides[0], sides[0]), dot(sides[1], sides[1]), dot(sides[2], sides[2]));
    var found: Found;
    found.count = 0u;
    find_depths(&view, &found);
    var count = 0u;
    for (var k = 0u; k < found.count; k++) {
        let d = found.depths[k];
        let corners = array(view.rays[0] * d.x, view.rays[1] * d.y, view.rays[2] * d.z);
        let alignment = align_triangles(view.world, corners);
        if alignment.found {
            write_motion(hypothesis * MAX_MODELS + count, alignment.motion);
            count++;
        }
    }
    model_counts[hypothesis] = count;
}

fn find_depths(view: ptr<function, View>, found: ptr<function, Found>) {
    let a = (*view).sides_sq;
    let b = vec3(
        dot((*view).rays[1], (*view).rays[2]),
        dot((*view).rays[0], (*view).rays[2]),
        dot((*view).rays[0], (*view).rays[1]),
    );
    // a₁₂ (pair 01) − a₀₁ (pair 12), and a₁₂ (pair 02) − a₀₂ (pair 12).
    cone1 = mat3x3(a.x, -a.x * b.z, 0.0, -a.x * b.z, a.x - a.z, a.z * b.x, 0.0, a.z * b.x, -a.z);
    cone2 = mat3x3(a.x, 0.0, -a.x * b.y, 0.0, -a.y, a.y * b.x, -a.x * b.y, a.y * b.x, a.x - a.y);
    var form = pencil_determinant(cone1, cone2);
    let roots = real_roots(&form);
    // Of the pairs of planes that the roots give, the most clearly real one leads to all solutions.
    var best = mat3x3<f32>();
    var other = cone1;
    var best_margin = -1e30;
    for (var r = 0u; r < roots.count; r++) {
        let root = roots.values[r];
        let pair = cone1 * root.x + cone2 * root.y;
        let adjugate = cofactors(pair);
        let margin = max(-adjugate[0].x, max(-adjugate[1].y, -adjugate[2].z)) / frobenius(pair, pair);
        if margin > best_margin {
            best_margin = margin;
            best = pair;
            if abs(root.x) > abs(root.y) {
                other = cone2;
            } else {
                other = cone1;
            }
        }
    }
    let planes = split(best);
    meet_plane_and_cone(planes[0], other, view, found);
    meet_plane_and_cone(planes[1], other, view, found);
}

fn form_at(root: vec2<f32>) -> f32 {
    return determinant(cone1 * root.x + cone2 * root.y);
}

/// The two planes (normals) of a symmetric matrix of rank 2: its adjugate is −p pᵀ with p the line where the planes meet,
/// and matrix + [p]× has rank 1, one plane times the other. Planes that coincide but for rounding are taken to.
fn split(pair: mat3x3<f32>) -> array<vec3<f32>, 2> {
    var adjugate = cofactors(pair);
    let negative = vec3(-adjugate[0].x, -adjugate[1].y, -adjugate[2].z);
    let pivot = largest_index(negative);
    let p = adjugate[pivot] * select(0.0, inverseSqrt(negative[pivot]), negative[pivot] > 1e-14 * frobenius(pair, pair));
    var product = mat3x3(
        pair[0] + vec3(0.0, p.z, -p.y),
        pair[1] + vec3(-p.z, 0.0, p.x),
        pair[2] + vec3(p.y, -p.x, 0.0),
    );
    let column = product[largest_index(vec3(
        dot(product[0], product[0]),
        dot(product[1], product[1]),
        dot(product[2], product[2]),
    ))];
    var rows = transpose(product);
    return array(column, rows[largest_index(abs(column))]);
}

fn largest_index(v: vec3<f32>) -> u32 {
    return select(select(2u, 1u, v.y >= v.z), 0u, v.x >= v.y && v.x >= v.z);
}

/// Solutions along the directions in which a plane through the origin meets a cone.
fn meet_plane_and_cone(normal: vec3<f32>, cone: mat3x3<f32>, view: ptr<function, View>, found: ptr<function, Found>) {
    let n = normalize(normal);
    let axis = select(vec3(0.0, 1.0, 0.0), vec3(1.0, 0.0, 0.0), abs(n.x) < 0.6);
    let u = normalize(cross(n, axis));
    let v = cross(n, u);
    let a = dot(u, cone * u);
    let b = dot(u, cone * v);
    let c = dot(v, cone * v);
    // a s² + 2 b s t + c t² = 0. Solutions that coincide but for rounding are kept: the polish decides.
    let discriminant = b * b - a * c;
    if discriminant >= -1e-4 * (b * b + abs(a * c)) {
        let root = sqrt(max(discriminant, 0.0));
        let q = -(b + select(-root, root, b >= 0.0));
        add_solution(u * q + v * a, view, found);
        add_solution(u * c + v * q, view, found);
    }
}

/// Newton's method on the three equations from depths known up to scale; keeps what ends at a new solution in front of the
/// camera.
fn add_solution(direction: vec3<f32>, view: ptr<function, View>, found: ptr<function, Found>) {
    let y0 = (*view).rays[0];
    let y1 = (*view).rays[1];
    let y2 = (*view).rays[2];
    let sides_sq = (*view).sides_sq;
    let total_sq = sides_sq.x + sides_sq.y + sides_sq.z;
    var d = direction * sign(direction.x + direction.y + direction.z);
    let size = max(d.x, max(d.y, d.z));
    // A little behind is let through: the polish decides.
    if !(min(d.x, min(d.y, d.z)) > -1e-2 * size) {
        return;
    }
    d /= size;
    var residual = vec3(0.0);
    for (var step = 0u; step < 6u; step++) {
        // Differences of points, not of squares: narrow views lose less.
        let s12 = d.y * y1 - d.z * y2;
        let s02 = d.x * y0 - d.z * y2;
        let s01 = d.x * y0 - d.y * y1;
        let lengths_sq = vec3(dot(s12, s12), dot(s02, s02), dot(s01, s01));
        if step == 0u {
            d *= sqrt(total_sq / (lengths_sq.x + lengths_sq.y + lengths_sq.z));
            continue;
        }
        residual = lengths_sq - sides_sq;
        let row0 = 2.0 * vec3(0.0, dot(s12, y1), -dot(s12, y2));
        let row1 = 2.0 * vec3(dot(s02, y0), 0.0, -dot(s02, y2));
        let row2 = 2.0 * vec3(dot(s01, y0), -dot(s01, y1), 0.0);
        let column0 = cross(row1, row2);
        let determinant = dot(row0, column0);
        if determinant == 0.0 {
            break;
        }
        let change =
            (column0 * residual.x + cross(row2, row0) * residual.y + cross(row0, row1) * residual.z) / determinant;
        let limit = 0.3 * length(d);
        d -= change * min(1.0, limit / max(length(change), 1e-20));
    }
    let side = sqrt(total_sq);
    let tolerance = 3e-6 * side * (side + length(d));
    let solved = all(d > vec3(0.0)) && all(abs(residual) < vec3(tolerance));
    if !solved || (*found).count == MAX_MODELS {
        return;
    }
    for (var k = 0u; k < (*found).count; k++) {
        if distance((*found).depths[k], d) < 1e-5 * length(d) {
            return;
        }
    }
    (*found).depths[(*found).count] = d;
    (*found).count++;
}
