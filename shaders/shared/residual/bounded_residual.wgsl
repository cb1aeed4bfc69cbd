// The residual of a match, √ of its first error, in thresholds and at most so large; and the gradient of what is made of it.
// Twin: src/cpu/train/error_images.rs. params of its own: the most, thresholds; cells a pair where all have as many.

// Residuals below this have no gradient.
const TINY: f32 = 1e-12;

struct Residual {
    value: f32,
    // the derivative by the squared error; 0 behind the camera, beyond the most, and at 0, where the distance has a kink
    by_square: f32,
    // whether match and model are finite
    is_known: bool,
}

fn max_error() -> f32 {
    return bitcast<f32>(params[2]);
}

fn cell_count() -> u32 {
    return params[3];
}

fn is_finite(v: vec4<f32>) -> bool {
    let exponents = bitcast<vec4<u32>>(v) & vec4<u32>(0x7f800000u);
    return all(exponents != vec4<u32>(0x7f800000u));
}

fn is_finite_model(row: u32) -> bool {
    let rows = rows_at(row);
    return is_finite(rows[0]) && is_finite(rows[1]) && is_finite(rows[2]);
}

fn is_finite_match(index: u32) -> bool {
    return is_finite(matches[index * MATCH_VECTORS]) && is_finite(matches[(index + 1u) * MATCH_VECTORS - 1u]);
}

fn bounded_residual(errors: ErrorModel, row: u32, index: u32) -> Residual {
    let most = max_error();
    if (!(is_finite_model(row) && is_finite_match(index))) {
        return Residual(most, 0.0, false);
    }
    let t = match_errors(errors, match_at(index)).x;
    if (is_moderate(t) && t < most * most) {
        let r = sqrt(max(t, 0.0));
        return Residual(r, select(0.0, 0.5 / max(r, TINY), r > TINY), true);
    }
    return Residual(most, 0.0, true);
}

// Of Σ f(r), with f' in `residual_slope`; zero where there is none.
fn residual_gradient(errors: ErrorModel, row: u32, index: u32, count: u32, place: u32) -> ErrorGradient {
    let residual = bounded_residual(errors, row, index);
    if (residual.by_square == 0.0) {
        return ErrorGradient();
    }
    let weight = residual.by_square * residual_slope(row, count, place, residual.value);
    if (weight == 0.0 || !is_moderate(weight)) {
        return ErrorGradient();
    }
    return usable_gradient(errors, match_at(index), vec2<f32>(weight, 0.0));
}
