// Real roots of the binary form Σ cᵢ zⁱ w^(n−i): what a polynomial of degree n becomes when its roots at and near infinity
// are to be roots like any other. The shader that uses it declares DEGREE.
//
// The real roots of each derivative separate those of the one before it, from the linear one up (Yuksel, "High-performance
// polynomial root finding for graphics", 2022), so that each root has a bracket in which Newton's method is safe. No
// remainder sequence is formed, which f32 would not bear.

/// Roots (z, w) with max(|z|, |w|) = 1, up to the overlap of the two charts.
struct Roots {
    count: u32,
    values: array<vec2<f32>, DEGREE>,
}

/// A little more than 1, so that a root at the seam of the charts z/w and w/z is not lost in both.
const CHART: f32 = 1.0005;
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
    for (var degree = 1u; degree <= DEGREE; degree++) {
        var p = derivative(form, reversed, degree);
        let final_level = degree == DEGREE;
        var found = 1u;
        var low = separators[0];
        var value_low = evaluate(&p, degree, low);
        for (var i = 1u; i <= last; i++) {
            let high = separators[i];
            let value_high = evaluate(&p, degree, high);
            if (value_low < 0.0) != (value_high < 0.0) {
                let root = bracketed_root(&p, degree, low, high, value_low);
                if final_level {
                    push_root(roots, root, reversed);
                } else {
                    separators[found] = root;
                    found++;
                }
            } else if final_level && i < last {
                if touches_zero(&p, value_low, high, value_high, separators[i + 1u]) {
                    push_root(roots, high, reversed);
                }
            }
            low = high;
            value_low = value_high;
        }
        separators[found] = CHART;
        last = found;
    }
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

fn evaluate(p: ptr<function, array<f32, DEGREE + 1u>>, degree: u32, x: f32) -> f32 {
    var value = (*p)[degree];
    for (var i = degree; i > 0u; i--) {
        value = fma(value, x, (*p)[i - 1u]);
    }
    return value;
}

/// Newton's method that falls back to halving the bracket.
fn bracketed_root(p: ptr<function, array<f32, DEGREE + 1u>>, degree: u32, start: f32, end: f32, value_start: f32) -> f32 {
    var low = start;
    var high = end;
    var x = 0.5 * (low + high);
    for (var step = 0u; step < 30u; step++) {
        var value = (*p)[degree];
        var slope = 0.0;
        for (var i = degree; i > 0u; i--) {
            slope = fma(slope, x, value);
            value = fma(value, x, (*p)[i - 1u]);
        }
        if (value < 0.0) == (value_start < 0.0) {
            low = x;
        } else {
            high = x;
        }
        var next = x - value / slope;
        // Written so that a slope of zero halves too.
        if !(next > low && next < high) {
            next = 0.5 * (low + high);
        }
        let moved = abs(next - x);
        x = next;
        if moved <= 1e-7 * max(abs(x), 1e-3) {
            break;
        }
    }
    return x;
}

/// Whether the separator `middle`, with its neighbours on the same side of zero, is an extremum that almost touches it.
fn touches_zero(
    p: ptr<function, array<f32, DEGREE + 1u>>,
    value_low: f32,
    middle: f32,
    value_middle: f32,
    high: f32,
) -> bool {
    let value_high = evaluate(p, DEGREE, high);
    var terms = abs((*p)[DEGREE]);
    for (var i = DEGREE; i > 0u; i--) {
        terms = fma(terms, abs(middle), abs((*p)[i - 1u]));
    }
    let same_side = (value_middle < 0.0) == (value_high < 0.0);
    let closest = abs(value_middle) < min(abs(value_low), abs(value_high));
    return same_side && closest && abs(value_middle) < TANGENT * terms;
}

fn push_root(roots: ptr<function, Roots>, root: f32, reversed: bool) {
    if (*roots).count < DEGREE {
        (*roots).values[(*roots).count] = select(vec2(root, 1.0), vec2(1.0, root), reversed);
        (*roots).count++;
    }
}
