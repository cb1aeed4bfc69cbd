// Real roots of the binary form Σ cᵢ zⁱ w^(n−i): what a polynomial of degree n becomes when its roots at and near infinity
// are to be roots like any other. The shader that uses it declares DEGREE.
//
// The real roots of each derivative separate those of the one before it, from the linear one up (Yuksel, "High-performance
// polynomial root finding for graphics", 2022), so that each root has a bracket in which Newton's method is safe. No
// remainder sequence is formed, which f32 would not bear. The coefficients only place the brackets: within them the form is
// taken from form_at(root), which the shader declares and which evaluates the determinant that the form is, because its
// expanded coefficients have lost digits to cancellation.

/// Roots (z, w) with max(|z|, |w|) = 1, up to the overlap of the two charts.
struct Roots {
    count: u32,
    values: array<vec2<f32>, DEGREE>,
}

/// A little more than 1, so that a root at the seam of the charts z/w and w/z is not lost in both.
const CHART: f32 = 1.0005;
/// Points at which the form is looked at are no further apart.
const LONGEST_STEP: f32 = 0.03;
/// An extremum that misses zero by this share of its terms is taken for a double root that rounding has made complex.
const TANGENT: f32 = 1e-3;

/// The coefficients c₀ … cₙ of a polynomial in z/w, lowest first; a double root comes once.
fn real_roots(form: ptr<function, array<f32, DEGREE + 1u>>) -> Roots {
    var roots: Roots;
    roots.count = 0u;
    for (var chart = 0u; chart < 2u; chart++) {
        roots_of_chart(form, chart == 1u, &roots);
    }
    return roots;
}

fn roots_of_chart(form: ptr<function, array<f32, DEGREE + 1u>>, reversed: bool, roots: ptr<function, Roots>) {
    // The points between which the current derivative is monotone: first and last are the ends of the chart.
    var separators: array<f32, DEGREE + 1u>;
    separators[0] = -CHART;
    separators[1] = CHART;
    var last = 1u;
    for (var degree = 1u; degree < DEGREE; degree++) {
        var p = derivative(form, reversed, degree);
        var found = 1u;
        var low = -CHART;
        var value_low = 0.0;
        for (var i = 0u; i <= last; i++) {
            let high = separators[i];
            let value_high = evaluate_slope(&p, degree, high).x;
            if i > 0u && (value_low < 0.0) != (value_high < 0.0) {
                separators[found] = root_of_derivative(&p, degree, low, high, value_low);
                found++;
            }
            low = high;
            value_low = value_high;
        }
        separators[found] = CHART;
        last = found;
    }
    roots_between(form, reversed, &separators, last, roots);
}

/// The roots of the form itself, which is looked at between the separators too: they are only as good as the coefficients.
fn roots_between(
    form: ptr<function, array<f32, DEGREE + 1u>>,
    reversed: bool,
    separators: ptr<function, array<f32, DEGREE + 1u>>,
    last: u32,
    roots: ptr<function, Roots>,
) {
    var p = derivative(form, reversed, DEGREE);
    var x = vec2(-CHART); // the two points before
    var value = vec2(0.0);
    var i = 0u;
    var first = true;
    while i <= last {
        var high = (*separators)[i];
        if high > x.y + LONGEST_STEP {
            high = x.y + LONGEST_STEP;
        } else {
            i++;
        }
        let value_high = form_at(on_chart(high, reversed));
        if !first && (value.y < 0.0) != (value_high < 0.0) {
            push_root(roots, on_chart(root_of_form(&p, reversed, x.y, high, value.y), reversed));
        } else if x.y > x.x && touches_zero(&p, x.y, vec3(value, value_high)) {
            push_root(roots, on_chart(x.y, reversed));
        }
        x = vec2(x.y, high);
        value = vec2(select(value.y, value_high, first), value_high);
        first = false;
    }
}

fn on_chart(x: f32, reversed: bool) -> vec2<f32> {
    return select(vec2(x, 1.0), vec2(1.0, x), reversed);
}

/// The derivative of order DEGREE − `degree`, divided by the factorial of its order.
fn derivative(form: ptr<function, array<f32, DEGREE + 1u>>, reversed: bool, degree: u32) -> array<f32, DEGREE + 1u> {
    let order = DEGREE - degree;
    var p: array<f32, DEGREE + 1u>;
    var binomial = 1.0;
    for (var i = 0u; i <= degree; i++) {
        let power = i + order;
        p[i] = binomial * (*form)[select(power, DEGREE - power, reversed)];
        binomial *= f32(power + 1u) / f32(i + 1u);
    }
    return p;
}

/// A bracket of a root, and the point in it to look at next.
struct Bracket {
    low: f32,
    high: f32,
    x: f32,
    done: bool,
}

/// One step of Newton's method that falls back to halving the bracket.
fn narrow(bracket: ptr<function, Bracket>, value: f32, slope: f32, on_low_side: bool) {
    let x = (*bracket).x;
    if on_low_side {
        (*bracket).low = x;
    } else {
        (*bracket).high = x;
    }
    var next = x - value / slope;
    // Written so that a slope of zero halves too.
    if !(next > (*bracket).low && next < (*bracket).high) {
        next = 0.5 * ((*bracket).low + (*bracket).high);
    }
    (*bracket).x = next;
    (*bracket).done = abs(next - x) <= 1e-7 * max(abs(x), 1e-3);
}

fn root_of_derivative(
    p: ptr<function, array<f32, DEGREE + 1u>>,
    degree: u32,
    low: f32,
    high: f32,
    value_low: f32,
) -> f32 {
    var bracket = Bracket(low, high, 0.5 * (low + high), false);
    for (var step = 0u; step < 30u && !bracket.done; step++) {
        let value_slope = evaluate_slope(p, degree, bracket.x);
        narrow(&bracket, value_slope.x, value_slope.y, (value_slope.x < 0.0) == (value_low < 0.0));
    }
    return bracket.x;
}

fn root_of_form(
    p: ptr<function, array<f32, DEGREE + 1u>>,
    reversed: bool,
    low: f32,
    high: f32,
    value_low: f32,
) -> f32 {
    var bracket = Bracket(low, high, 0.5 * (low + high), false);
    for (var step = 0u; step < 30u && !bracket.done; step++) {
        let value = form_at(on_chart(bracket.x, reversed));
        narrow(&bracket, value, evaluate_slope(p, DEGREE, bracket.x).y, (value < 0.0) == (value_low < 0.0));
    }
    return bracket.x;
}

/// Value and derivative.
fn evaluate_slope(p: ptr<function, array<f32, DEGREE + 1u>>, degree: u32, x: f32) -> vec2<f32> {
    var value = (*p)[degree];
    var slope = 0.0;
    for (var i = degree; i > 0u; i--) {
        slope = fma(slope, x, value);
        value = fma(value, x, (*p)[i - 1u]);
    }
    return vec2(value, slope);
}

/// Whether the form at x, the second of three values along the way, almost touches zero without a change of sign.
fn touches_zero(p: ptr<function, array<f32, DEGREE + 1u>>, x: f32, values: vec3<f32>) -> bool {
    var terms = abs((*p)[DEGREE]);
    for (var i = DEGREE; i > 0u; i--) {
        terms = fma(terms, abs(x), abs((*p)[i - 1u]));
    }
    let same_side = all((values < vec3(0.0)) == vec3(values.y < 0.0));
    return same_side && abs(values.y) < min(min(abs(values.x), abs(values.z)), TANGENT * terms);
}

fn push_root(roots: ptr<function, Roots>, root: vec2<f32>) {
    if (*roots).count < DEGREE {
        (*roots).values[(*roots).count] = root;
        (*roots).count++;
    }
}
