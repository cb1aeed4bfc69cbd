// The rigid motion between two triangles.

/// Triangles thinner than this, as a share of their length, count as collinear.
const COLLINEAR: f32 = 1e-5;

struct Triangle {
    centroid: vec3<f32>,
    /// Right-handed, one axis a column, the normal last.
    frame: mat3x3<f32>,
    /// The corners in the plane of the frame, from the centroid.
    flat: array<vec2<f32>, 3>,
    is_thick: bool,
}

struct Alignment {
    motion: Motion,
    found: bool,
}

/// The least-squares motion of corners p to corners q: the best rotation takes plane to plane, and with both normals as z
/// axes what is left is a rotation in the plane, whose angle maximises Σ qᵢ · R pᵢ. Not found for collinear corners.
fn align_triangles(p: array<vec3<f32>, 3>, q: array<vec3<f32>, 3>) -> Alignment {
    var one = triangle(p);
    var two = triangle(q);
    var rotor = vec2(0.0);
    for (var i = 0u; i < 3u; i++) {
        let a = one.flat[i];
        let b = two.flat[i];
        rotor += vec2(dot(a, b), a.x * b.y - a.y * b.x);
    }
    let size = length(rotor);
    rotor /= size;
    let in_plane = mat3x3(vec3(rotor, 0.0), vec3(-rotor.y, rotor.x, 0.0), vec3(0.0, 0.0, 1.0));
    let rotation = two.frame * in_plane * transpose(one.frame);
    let motion = Motion(rotation, two.centroid - rotation * one.centroid);
    return Alignment(motion, one.is_thick && two.is_thick && size > 0.0);
}

fn triangle(points3: array<vec3<f32>, 3>) -> Triangle {
    var corners = points3;
    let centroid = (corners[0] + corners[1] + corners[2]) / 3.0;
    let side1 = corners[1] - corners[0];
    let side2 = corners[2] - corners[0];
    let normal = cross(side1, side2);
    let area = length(normal);
    let x = normalize(side1);
    let z = normal / area;
    let frame = mat3x3(x, cross(z, x), z);
    var flat: array<vec2<f32>, 3>;
    for (var i = 0u; i < 3u; i++) {
        let v = corners[i] - centroid;
        flat[i] = vec2(dot(frame[0], v), dot(frame[1], v));
    }
    // NaN fails it too.
    let is_thick = area > COLLINEAR * max(dot(side1, side1), dot(side2, side2));
    return Triangle(centroid, frame, flat, is_thick);
}
