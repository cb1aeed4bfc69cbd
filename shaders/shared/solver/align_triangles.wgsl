// The rigid motion between two triangles.

/// Triangles thinner than this, as a share of their length, count as collinear.
const COLLINEAR: f32 = 1e-5;

struct Triangle {
    centroid: vec3<f32>,
    /// Right-handed, one axis a column, the normal last.
    frame: mat3x3<f32>,
    /// The corners in the plane of the frame, from the centroid, as columns.
    flat: mat3x2<f32>,
    is_thick: bool,
}

struct Alignment {
    motion: Motion,
    found: bool,
}

/// The least-squares motion of corners p to corners q, as columns: the best rotation takes plane to plane, and with both normals as z
/// axes what is left is a rotation in the plane, whose angle maximises Σ qᵢ · R pᵢ. Not found for collinear corners.
fn align_triangles(p: mat3x3<f32>, q: mat3x3<f32>) -> Alignment {
    let one = triangle(p);
    let two = triangle(q);
    var rotor = rotor_of(one.flat[0], two.flat[0]) + rotor_of(one.flat[1], two.flat[1]) + rotor_of(one.flat[2], two.flat[2]);
    let size = length(rotor);
    rotor /= size;
    let in_plane = mat3x3(vec3(rotor, 0.0), vec3(-rotor.y, rotor.x, 0.0), vec3(0.0, 0.0, 1.0));
    let rotation = two.frame * in_plane * transpose(one.frame);
    let motion = Motion(rotation, two.centroid - rotation * one.centroid);
    return Alignment(motion, one.is_thick && two.is_thick && size > 0.0);
}

fn rotor_of(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2(dot(a, b), a.x * b.y - a.y * b.x);
}

/// Of corners as columns.
fn triangle(corners: mat3x3<f32>) -> Triangle {
    let centroid = (corners[0] + corners[1] + corners[2]) / 3.0;
    let side1 = corners[1] - corners[0];
    let side2 = corners[2] - corners[0];
    let normal = cross(side1, side2);
    let area = length(normal);
    let x = normalize(side1);
    let z = normal / area;
    let frame = mat3x3(x, cross(z, x), z);
    let from_centroid = mat3x3(corners[0] - centroid, corners[1] - centroid, corners[2] - centroid);
    let flat = transpose(mat2x3(frame[0], frame[1])) * from_centroid;
    // NaN fails it too.
    let is_thick = area > COLLINEAR * max(dot(side1, side1), dot(side2, side2));
    return Triangle(centroid, frame, flat, is_thick);
}
