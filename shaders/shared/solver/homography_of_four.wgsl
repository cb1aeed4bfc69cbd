// The homography of four matches in closed form; the equation is in shaders/solve/solve_homography_4pt.wgsl.

/// Doubled triangle areas below this share of the squared extent count as three collinear points.
const COLLINEAR: f32 = 1e-6;

/// The first three points seen from the fourth, and the doubled areas of the triangles (2, 3, 4), (3, 1, 4), (1, 2, 4) and
/// (1, 2, 3).
struct Triangles {
    corners: array<vec2<f32>, 3>,
    areas: vec4<f32>,
}

/// Of the matches (x1 y1 x2 y2), up to its norm; zero where there is none.
fn homography_of_four(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> mat3x3<f32> {
    let sample = with_origin_last(Four(a, b, c, d));
    let origins = sample.d;
    let m0 = sample.a - origins;
    let m1 = sample.b - origins;
    let m2 = sample.c - origins;
    let from1 = triangles(m0.xy, m1.xy, m2.xy);
    let to2 = triangles(m0.zw, m1.zw, m2.zw);
    if are_spread(from1) && are_spread(to2) && all(sign(from1.areas) == sign(to2.areas)) {
        return from_triangles(from1, to2, origins);
    }
    return mat3x3<f32>();
}

struct Four {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
}

/// The match outside the largest triangle of the first image last: three points that are nearly collinear are then two and the
/// origin, whose area is a factor of its own in H, where three others would make lines cancel.
fn with_origin_last(s: Four) -> Four {
    let t = triangles(s.a.xy - s.d.xy, s.b.xy - s.d.xy, s.c.xy - s.d.xy);
    let size = abs(t.areas);
    let largest = max(max(size.x, size.y), max(size.z, size.w));
    if size.w == largest {
        return s;
    }
    if size.x == largest {
        return Four(s.d, s.b, s.c, s.a);
    }
    if size.y == largest {
        return Four(s.a, s.d, s.c, s.b);
    }
    return Four(s.a, s.b, s.d, s.c);
}

fn from_triangles(from1: Triangles, to2: Triangles, origins: vec4<f32>) -> mat3x3<f32> {
    // All shares of one sign: H maps the points to third coordinates of that sign.
    let shares = vec3(
        to2.areas.x * from1.areas.y * from1.areas.z,
        to2.areas.y * from1.areas.z * from1.areas.x,
        to2.areas.z * from1.areas.x * from1.areas.y,
    );
    let a = from1.corners;
    let b = to2.corners;
    let target0 = vec3(b[0], 1.0) * shares.x;
    let target1 = vec3(b[1], 1.0) * shares.y;
    let target2 = vec3(b[2], 1.0) * shares.z;
    var h = mat3x3(
        target0 * (a[1].y - a[2].y) + target1 * (a[2].y - a[0].y) + target2 * (a[0].y - a[1].y),
        target0 * (a[2].x - a[1].x) + target1 * (a[0].x - a[2].x) + target2 * (a[1].x - a[0].x),
        target0 * from1.areas.x + target1 * from1.areas.y + target2 * from1.areas.z,
    );
    // Back from the origins.
    h[2] -= h[0] * origins.x + h[1] * origins.y;
    for (var k = 0u; k < 3u; k++) {
        h[k] += vec3(origins.zw * h[k].z, 0.0);
    }
    // The third coordinate of the fourth point is Σ sharesᵢ areasᵢ = (d₁ d₂ d₃) Σ eᵢ.
    let d = from1.areas;
    return h * sign(d.x * d.y * d.z * to2.areas.w);
}

fn triangles(a: vec2<f32>, b: vec2<f32>, c: vec2<f32>) -> Triangles {
    let areas = vec3(b.x * c.y - b.y * c.x, c.x * a.y - c.y * a.x, a.x * b.y - a.y * b.x);
    return Triangles(array(a, b, c), vec4(areas, areas.x + areas.y + areas.z));
}

fn are_spread(t: Triangles) -> bool {
    let a = t.corners;
    let extent_sq = max(dot(a[0], a[0]), max(dot(a[1], a[1]), dot(a[2], a[2])));
    // NaN fails it too.
    return all(abs(t.areas) > vec4(COLLINEAR * extent_sq));
}
