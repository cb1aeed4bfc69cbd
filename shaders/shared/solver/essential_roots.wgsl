// Where the determinant of the equations in z vanishes. The half circle of (z, w) is cut into an arc an invocation, and an arc
// into steps; each root, or near miss, that a step seems to hold is a task for an invocation of its own. Solutions that are
// far apart may well have nearly the same z, so that a step may hold up to three.

/// Steps of an arc.
const STEPS: u32 = 16u;
/// tan(π / 20): half of an arc on its tangent, and a little more, so that no root is lost between two arcs.
const HALF_ARC: f32 = 0.15842;
const STEP: f32 = 2.0 * HALF_ARC / f32(STEPS);
/// A pair of complex roots no farther from the real axis may be a double root that rounding has made complex.
const NEARLY_REAL: f32 = 4e-2;

/// The form of a sample about the middle of an arc.
struct Arc {
    form: Form,
    /// (z, w), of length 1.
    middle: vec2<f32>,
}

fn arc_of(sample: u32, row: u32) -> Arc {
    let angle = (f32(row) + 0.5) * (3.14159265 / f32(ROWS));
    return Arc(form_of(sample), vec2(sin(angle), cos(angle)));
}

/// (z, w) at a place on the tangent at the middle.
fn on_arc(arc: Arc, t: f32) -> vec2<f32> {
    return arc.middle + t * vec2(arc.middle.y, -arc.middle.x);
}

fn value_on(arc: Arc, t: f32) -> f32 {
    return value_at(arc.form, on_arc(arc, t));
}

fn start_of(step: u32) -> f32 {
    return f32(step) * STEP - HALF_ARC;
}

/// How many roots each step of an arc seems to hold: two bits a step.
fn roots_of_steps(arc: Arc) -> u32 {
    var counts = 0u;
    var values = values_about(arc, start_of(0u));
    for (var step = 0u; step < STEPS; step++) {
        counts |= roots_of_step(values).count << (2u * step);
        values = vec4(values.yzw, value_on(arc, start_of(step + 3u)));
    }
    return counts;
}

/// The values one step before the start of a step, at its start, at its end, and one step on.
fn values_about(arc: Arc, start: f32) -> vec4<f32> {
    return vec4(
        value_on(arc, start - STEP),
        value_on(arc, start),
        value_on(arc, start + STEP),
        value_on(arc, start + 2.0 * STEP),
    );
}

/// What a step of length 1 seems to hold.
struct StepRoots {
    count: u32,
    /// The points that separate the roots, where there are two or three.
    first: f32,
    second: f32,
}

/// By the cubic through the values at −1, 0, 1 and 2.
fn roots_of_step(values: vec4<f32>) -> StepRoots {
    // The step begins above zero.
    let f = select(values, -values, values.y < 0.0);
    let c1 = f.z - f.y / 2.0 - f.x / 3.0 - f.w / 6.0;
    let c2 = 0.5 * (f.x + f.z) - f.y;
    let c3 = (f.w - f.x) / 6.0 + 0.5 * (f.y - f.z);
    // The lowest point and the highest, without cancellation.
    let root = sqrt(max(c2 * c2 - 3.0 * c1 * c3, 0.0));
    let q = -(c2 + select(-root, root, c2 >= 0.0));
    let turns = vec2(c1 / q, q / (3.0 * c3));
    let low = select(turns.x, turns.y, c2 + 3.0 * c3 * turns.y > 0.0 && abs(turns.y) < 3.0);
    let low_value = ((c3 * low + c2) * low + c1) * low + f.y;
    let is_low = low > -0.2 && low < 1.2 && low_value < nearly_zero(c2 + 3.0 * c3 * low);
    let high = -2.0 * c2 / (3.0 * c3) - low;
    let high_value = ((c3 * high + c2) * high + c1) * high + f.y;
    let is_high = high > low && high < 1.2 && high_value > -nearly_zero(c2 + 3.0 * c3 * high);
    if f.z >= 0.0 {
        return StepRoots(select(0u, 2u, is_low), low, low);
    }
    return StepRoots(select(1u, 3u, is_low && is_high), low, high);
}

/// What a turn of this curvature may miss zero by.
fn nearly_zero(curvature: f32) -> f32 {
    return abs(curvature) * (NEARLY_REAL / STEP) * (NEARLY_REAL / STEP);
}

/// Root number k of a step; a near miss gives a point beside it.
fn root_of_step(arc: Arc, step: u32, k: u32) -> f32 {
    let start = start_of(step);
    let roots = roots_of_step(values_about(arc, start));
    var low = start;
    var high = start + STEP;
    if k > 0u {
        low = turn_near(arc, start + STEP * select(roots.first, roots.second, k == 2u));
    }
    if k + 1u < roots.count {
        high = turn_near(arc, start + STEP * select(roots.first, roots.second, k == 1u));
    }
    let at_low = vec2(low, value_on(arc, low));
    let at_high = vec2(high, value_on(arc, high));
    if (at_low.y < 0.0) != (at_high.y < 0.0) {
        return root_between(arc, at_low, at_high);
    }
    return mix(low, high, select(0.9, 0.1, abs(at_low.y) < abs(at_high.y)));
}

/// A turning point, by the parabola about a point near it.
fn turn_near(arc: Arc, t: f32) -> f32 {
    let distance = 0.1 * STEP;
    let before = value_on(arc, t - distance);
    let after = value_on(arc, t + distance);
    let curvature = before + after - 2.0 * value_on(arc, t);
    return t + distance * clamp(0.5 * (before - after) / curvature, -1.0, 1.0);
}

/// By regula falsi, the value that stays made smaller (Anderson and Björck 1973), from two points (t, value) on the two sides
/// of the root.
fn root_between(arc: Arc, start: vec2<f32>, end: vec2<f32>) -> f32 {
    var a = start;
    var b = end;
    for (var step = 0u; step < 12u; step++) {
        let t = b.x - b.y * (b.x - a.x) / (b.y - a.y);
        let value = value_on(arc, t);
        let moved = abs(t - b.x);
        if (value < 0.0) == (b.y < 0.0) {
            let share = 1.0 - value / b.y;
            a.y *= select(0.5, share, share > 0.0);
        } else {
            a = b;
        }
        b = vec2(t, value);
        if value == 0.0 || moved < 1e-7 {
            break;
        }
    }
    return b.x;
}
