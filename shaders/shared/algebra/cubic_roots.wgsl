// Real roots of the binary cubic form c.x w³ + c.y z w² + c.z z² w + c.w z³, in registers. Twin: src/algebra/cubic.rs.
//
// The closed form gives the root that is far from both others, which rounding hardly moves; what remains is quadratic.
// The coefficients have lost digits to cancellation, so the form itself is taken from form_at(root), which the shader
// declares and which evaluates the determinant that the form is.

/// Roots (z, w), up to scale, the isolated one first; one or three of them count.
struct CubicRoots {
    count: u32,
    isolated: vec2<f32>,
    second: vec2<f32>,
    third: vec2<f32>,
}

/// The coordinate t of roots in which the leading coefficient is large, so that none is near infinity.
struct Chart {
    /// t³ + p.z t² + p.y t + p.x.
    p: vec3<f32>,
    lead: f32,
    is_turned: bool,
    is_reversed: bool,
}

/// A pair of roots that is complex by this share of their squared size is taken for a double root.
const NEARLY_DOUBLE: f32 = 1e-5;

fn cubic_roots(form: vec4<f32>) -> CubicRoots {
    let chart = chart_of(form);
    let t = polished(chart, isolated_root(chart.p), 1e30);
    let middle = -0.5 * (chart.p.z + t);
    // Of the quadratic factor (t − middle)² − half_gap², by the form and not by the coefficients.
    let half_gap_sq = value_at(chart, middle) / (t - middle);
    let size_sq = NEARLY_DOUBLE * (1.0 + middle * middle);
    let half_gap = sqrt(max(half_gap_sq, 0.0));
    return CubicRoots(
        select(1u, 3u, half_gap_sq >= -size_sq),
        place(chart, t),
        place(chart, polished(chart, middle - half_gap, 0.5 * half_gap)),
        place(chart, polished(chart, middle + half_gap, 0.5 * half_gap)),
    );
}

fn chart_of(form: vec4<f32>) -> Chart {
    let turned = vec4(
        form.x - form.y + form.z - form.w,
        3.0 * (form.x + form.w) - form.y - form.z,
        3.0 * (form.x - form.w) + form.y - form.z,
        form.x + form.y + form.z + form.w,
    );
    // Turning by 45° multiplies the form by √8.
    let is_turned = max(abs(turned.x), abs(turned.w)) > 2.82842712 * max(abs(form.x), abs(form.w));
    let c = select(form, turned, is_turned);
    let is_reversed = abs(c.x) > abs(c.w);
    let lead = select(c.w, c.x, is_reversed);
    return Chart(select(c.xyz, c.wzy, is_reversed) / lead, lead, is_turned, is_reversed);
}

fn place(chart: Chart, t: f32) -> vec2<f32> {
    let root = select(vec2(t, 1.0), vec2(1.0, t), chart.is_reversed);
    return select(root, vec2(root.x - root.y, root.x + root.y), chart.is_turned);
}

fn value_at(chart: Chart, t: f32) -> f32 {
    return form_at(place(chart, t)) / chart.lead;
}

/// Two of Newton's steps, none longer than given.
fn polished(chart: Chart, start: f32, longest: f32) -> f32 {
    var t = start;
    for (var step = 0u; step < 2u; step++) {
        let slope = (3.0 * t + 2.0 * chart.p.z) * t + chart.p.y;
        let change = value_at(chart, t) / slope;
        t -= select(0.0, clamp(change, -longest, longest), slope != 0.0);
    }
    return t;
}

/// The root farthest from the others, or the only real one.
fn isolated_root(p: vec3<f32>) -> f32 {
    let shift = p.z / 3.0;
    let q = shift * shift - p.y / 3.0;
    let r = shift * (shift * shift - 0.5 * p.y) + 0.5 * p.x;
    let side = select(-1.0, 1.0, r >= 0.0);
    let q_cubed = q * q * q;
    if r * r < q_cubed {
        let angle = acos(min(abs(r) * inverseSqrt(q_cubed), 1.0));
        return -2.0 * side * sqrt(q) * cos(angle / 3.0) - shift;
    }
    let s = pow(abs(r) + sqrt(r * r - q_cubed), 1.0 / 3.0);
    return -side * (s + select(0.0, q / s, s > 0.0)) - shift;
}
