// The gradient of an eigenvector by the implicit function theorem, from the triangular factor R of M = RᵀR.

/// Sweeps of Jacobi rotations at most; f32 settles in five or six.
const JACOBI_SWEEPS: u32 = 10u;

struct EigenvectorGradient {
    /// −(M − μI)⁺ g, so that dL = valueᵀ dM f.
    value: array<f32, 9>,
    usable: bool,
}

/// Of the unit eigenvector f of the smallest eigenvalue μ, with g = ∂L/∂f. R is overwritten.
fn eigenvector_gradient(r: ptr<function, Triangular9>, f: array<f32, 9>, g: array<f32, 9>) -> EigenvectorGradient {
    let smallest = product_norm_sq(r, f);
    orthogonalize_rows(r);
    var values: array<f32, 9>;
    var least = 0u;
    var largest = 0.0;
    for (var k = 0u; k < 9u; k++) {
        values[k] = row_product(r, k, k);
        largest = max(largest, values[k]);
        least = select(least, k, values[k] < values[least]);
    }
    var result: EigenvectorGradient;
    result.usable = true;
    for (var k = 0u; k < 9u; k++) {
        if k == least {
            continue;
        }
        let gap = values[k] - smallest;
        // Of the square roots, which are the singular values of R. Written so that NaN fails it too.
        if !(largest - smallest <= MAX_CONDITION * MAX_CONDITION * gap) {
            result.usable = false;
            return result;
        }
        var along = 0.0;
        for (var j = 0u; j < 9u; j++) {
            along += (*r).rows[k][j] * g[j];
        }
        let factor = along / (values[k] * gap);
        for (var j = 0u; j < 9u; j++) {
            result.value[j] -= factor * (*r).rows[k][j];
        }
    }
    return result;
}

/// |R f|².
fn product_norm_sq(r: ptr<function, Triangular9>, f: array<f32, 9>) -> f32 {
    var sum = 0.0;
    for (var k = 0u; k < 9u; k++) {
        var entry = 0.0;
        for (var j = k; j < 9u; j++) {
            entry += (*r).rows[k][j] * f[j];
        }
        sum += entry * entry;
    }
    return sum;
}

fn row_product(r: ptr<function, Triangular9>, p: u32, q: u32) -> f32 {
    var sum = 0.0;
    for (var j = 0u; j < 9u; j++) {
        sum += (*r).rows[p][j] * (*r).rows[q][j];
    }
    return sum;
}

/// One-sided Jacobi rotations (Hestenes 1958): the rows become the right singular vectors times their singular values.
/// Small ones keep their digits, which those of RᵀR would not in f32.
fn orthogonalize_rows(r: ptr<function, Triangular9>) {
    for (var sweep = 0u; sweep < JACOBI_SWEEPS; sweep++) {
        var rotated = false;
        for (var p = 0u; p < 8u; p++) {
            for (var q = p + 1u; q < 9u; q++) {
                let norm_p = row_product(r, p, p);
                let norm_q = row_product(r, q, q);
                let mixed = row_product(r, p, q);
                if abs(mixed) <= 1e-7 * sqrt(norm_p * norm_q) {
                    continue;
                }
                rotated = true;
                let ratio = (norm_q - norm_p) / (2.0 * mixed);
                let tangent = select(-1.0, 1.0, ratio >= 0.0) / (abs(ratio) + sqrt(1.0 + ratio * ratio));
                let c = inverseSqrt(1.0 + tangent * tangent);
                let s = c * tangent;
                for (var j = 0u; j < 9u; j++) {
                    let entry_p = (*r).rows[p][j];
                    let entry_q = (*r).rows[q][j];
                    (*r).rows[p][j] = c * entry_p - s * entry_q;
                    (*r).rows[q][j] = s * entry_p + c * entry_q;
                }
            }
        }
        if !rotated {
            break;
        }
    }
}
