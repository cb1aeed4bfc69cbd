// Poses of a calibrated camera from three points of known position.
//
// The depths λ along the unit rays y satisfy λᵢ² + λⱼ² − 2 λᵢλⱼ yᵢ·yⱼ = |Xᵢ − Xⱼ|². Two differences of these without a
// constant are cones in λ; a singular member of their pencil (a real root of a cubic) is a pair of planes, each of which
// meets the other cone in up to two rays (Persson and Nordberg 2018, "Lambda twist: an accurate fast robust perspective
// three point (P3P) solver"; the pair is split as in Ding et al. 2023, "Revisiting the P3P problem"). Newton steps on the
// depths make f32 enough.

/// Of the pencil.
var<private> cone1: mat3x3<f32>;
var<private> cone2: mat3x3<f32>;

/// Unit rays and corners in the world as columns, and the squared sides of the pairs (1, 2), (0, 2) and (0, 1).
struct View {
    rays: mat3x3<f32>,
    world: mat3x3<f32>,
    sides_sq: vec3<f32>,
}

struct Depths {
    values: vec3<f32>,
    found: bool,
}

/// Of world points and normalised image points.
fn view_of(world: mat3x3<f32>, image0: vec2<f32>, image1: vec2<f32>, image2: vec2<f32>) -> View {
    let rays = mat3x3(normalize(vec3(image0, 1.0)), normalize(vec3(image1, 1.0)), normalize(vec3(image2, 1.0)));
    let sides = mat3x3(world[1] - world[2], world[0] - world[2], world[0] - world[1]);
    return View(rays, world, vec3(dot(sides[0], sides[0]), dot(sides[1], sides[1]), dot(sides[2], sides[2])));
}

/// All that the three points may have; those that are found differ.
fn all_depths(view: View) -> array<Depths, 4> {
    set_cones(view);
    let planes = split(most_real_pair());
    // Of two planes with two directions each.
    let first = meet_plane_and_cone(planes.first, planes.cone);
    let second = meet_plane_and_cone(planes.second, planes.cone);
    let a = polished_depths(first.a, first.found, view);
    var b = polished_depths(first.b, first.found, view);
    var c = polished_depths(second.a, second.found, view);
    var d = polished_depths(second.b, second.found, view);
    b.found = b.found && !is_same(a, b);
    c.found = c.found && !is_same(a, c) && !is_same(b, c);
    d.found = d.found && !is_same(a, d) && !is_same(b, d) && !is_same(c, d);
    return array<Depths, 4>(a, b, c, d);
}

/// The pose that takes the world points to these depths; asked for found ones only.
fn pose_at(depths: Depths, view: View) -> Alignment {
    let d = depths.values;
    return align_triangles(view.world, mat3x3(view.rays[0] * d.x, view.rays[1] * d.y, view.rays[2] * d.z));
}

/// a₁₂ (pair 01) − a₀₁ (pair 12), and a₁₂ (pair 02) − a₀₂ (pair 12).
fn set_cones(view: View) {
    let a = view.sides_sq;
    let b = vec3(dot(view.rays[1], view.rays[2]), dot(view.rays[0], view.rays[2]), dot(view.rays[0], view.rays[1]));
    cone1 = mat3x3(a.x, -a.x * b.z, 0.0, -a.x * b.z, a.x - a.z, a.z * b.x, 0.0, a.z * b.x, -a.z);
    cone2 = mat3x3(a.x, 0.0, -a.x * b.y, 0.0, -a.y, a.y * b.x, -a.x * b.y, a.y * b.x, a.x - a.y);
}

/// A singular member of the pencil.
struct Pair {
    matrix: mat3x3<f32>,
    root: vec2<f32>,
    /// How clearly it is a pair of real planes.
    margin: f32,
}

/// Of the pairs of planes that the roots give, the most clearly real one leads to all solutions.
fn most_real_pair() -> Pair {
    let roots = cubic_roots(pencil_determinant(cone1, cone2));
    var best = pair_at(roots.isolated);
    if roots.count == 3u {
        best = more_real(more_real(best, pair_at(roots.second)), pair_at(roots.third));
    }
    return best;
}

fn pair_at(root: vec2<f32>) -> Pair {
    let pair = cone1 * root.x + cone2 * root.y;
    let adjugate = cofactors(pair);
    let margin = max(-adjugate[0].x, max(-adjugate[1].y, -adjugate[2].z)) / frobenius(pair, pair);
    return Pair(pair, root, margin);
}

fn more_real(a: Pair, b: Pair) -> Pair {
    if b.margin > a.margin {
        return b;
    }
    return a;
}

fn form_at(root: vec2<f32>) -> f32 {
    return determinant(cone1 * root.x + cone2 * root.y);
}

/// Normals of two planes, and a cone of the pencil that they are not of.
struct Planes {
    first: vec3<f32>,
    second: vec3<f32>,
    cone: mat3x3<f32>,
}

/// The two planes of a symmetric matrix of rank 2: its adjugate is −p pᵀ with p the line where the planes meet, and
/// matrix + [p]× has rank 1, one plane times the other. Planes that coincide but for rounding are taken to.
fn split(pair: Pair) -> Planes {
    let m = pair.matrix;
    let adjugate = cofactors(m);
    let negative = vec3(-adjugate[0].x, -adjugate[1].y, -adjugate[2].z);
    let pivot = largest_index(negative);
    let size = negative[pivot];
    let p = column(adjugate, pivot) * select(0.0, inverseSqrt(size), size > 1e-14 * frobenius(m, m));
    let product = mat3x3(
        m[0] + vec3(0.0, p.z, -p.y),
        m[1] + vec3(-p.z, 0.0, p.x),
        m[2] + vec3(p.y, -p.x, 0.0),
    );
    let sizes = vec3(dot(product[0], product[0]), dot(product[1], product[1]), dot(product[2], product[2]));
    let first = column(product, largest_index(sizes));
    let second = column(transpose(product), largest_index(abs(first)));
    if abs(pair.root.x) > abs(pair.root.y) {
        return Planes(first, second, cone2);
    }
    return Planes(first, second, cone1);
}

fn largest_index(v: vec3<f32>) -> u32 {
    return select(select(2u, 1u, v.y >= v.z), 0u, v.x >= v.y && v.x >= v.z);
}

/// Directions of possible depths.
struct Directions {
    a: vec3<f32>,
    b: vec3<f32>,
    found: bool,
}

/// The directions in which a plane through the origin meets a cone.
fn meet_plane_and_cone(normal: vec3<f32>, cone: mat3x3<f32>) -> Directions {
    let n = normalize(normal);
    let axis = select(vec3(0.0, 1.0, 0.0), vec3(1.0, 0.0, 0.0), abs(n.x) < 0.6);
    let u = normalize(cross(n, axis));
    let v = cross(n, u);
    let a = dot(u, cone * u);
    let b = dot(u, cone * v);
    let c = dot(v, cone * v);
    // a s² + 2 b s t + c t² = 0. Solutions that coincide but for rounding are kept: the polish decides.
    let discriminant = b * b - a * c;
    let root = sqrt(max(discriminant, 0.0));
    let q = -(b + select(-root, root, b >= 0.0));
    return Directions(u * q + v * a, u * c + v * q, discriminant >= -1e-4 * (b * b + abs(a * c)));
}

/// Newton's method on the three equations from depths known up to scale; found where it ends in front of the camera.
fn polished_depths(direction: vec3<f32>, is_real: bool, view: View) -> Depths {
    let y0 = view.rays[0];
    let y1 = view.rays[1];
    let y2 = view.rays[2];
    let total_sq = view.sides_sq.x + view.sides_sq.y + view.sides_sq.z;
    var d = direction * sign(direction.x + direction.y + direction.z);
    let size = max(d.x, max(d.y, d.z));
    // A little behind is let through: the polish decides.
    if !(is_real && min(d.x, min(d.y, d.z)) > -1e-2 * size) {
        return Depths(d, false);
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
        residual = lengths_sq - view.sides_sq;
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
    return Depths(d, all(d > vec3(0.0)) && all(abs(residual) < vec3(tolerance)));
}

fn is_same(a: Depths, b: Depths) -> bool {
    return a.found && distance(a.values, b.values) < 1e-5 * length(b.values);
}
