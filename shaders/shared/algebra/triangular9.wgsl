// The triangular factor R of rows of nine that come one by one (AᵀA = RᵀR), and its smallest right singular vector. Givens
// rotations see the condition of A, where the sums of AᵀA would see its square.

struct Triangular9 {
    rows: array<array<f32, 9>, 9>,
}

fn insert_row(r: ptr<function, Triangular9>, new_row: array<f32, 9>) {
    var row = new_row;
    for (var k = 0u; k < 9u; k++) {
        let diagonal = (*r).rows[k][k];
        let length_sq = diagonal * diagonal + row[k] * row[k];
        if length_sq < 1e-36 {
            continue;
        }
        let scale = inverseSqrt(length_sq);
        let c = diagonal * scale;
        let s = row[k] * scale;
        for (var j = k; j < 9u; j++) {
            let upper = (*r).rows[k][j];
            (*r).rows[k][j] = c * upper + s * row[j];
            row[j] = c * row[j] - s * upper;
        }
    }
}

/// By inverse iteration with RᵀR; of length 1.
fn smallest_singular_vector(r: ptr<function, Triangular9>) -> array<f32, 9> {
    var largest = 0.0;
    for (var k = 0u; k < 9u; k++) {
        largest = max(largest, abs((*r).rows[k][k]));
    }
    // A vanishing pivot is as good as one at the rounding.
    var inverse: array<f32, 9>;
    for (var k = 0u; k < 9u; k++) {
        let pivot = (*r).rows[k][k];
        inverse[k] = 1.0 / select(pivot, 1e-8 * largest + 1e-30, abs(pivot) < 1e-8 * largest + 1e-30);
    }
    var x = array<f32, 9>(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0);
    for (var step = 0u; step < 8u; step++) {
        // The first time only the back substitution: R x = e₉ is near the solution already.
        if step > 0u {
            for (var i = 0u; i < 9u; i++) {
                var sum = x[i];
                for (var j = 0u; j < i; j++) {
                    sum -= (*r).rows[j][i] * x[j];
                }
                x[i] = sum * inverse[i];
            }
            make_unit(&x);
        }
        for (var k = 9u; k > 0u; k--) {
            let i = k - 1u;
            var sum = x[i];
            for (var j = k; j < 9u; j++) {
                sum -= (*r).rows[i][j] * x[j];
            }
            x[i] = sum * inverse[i];
        }
        make_unit(&x);
    }
    return x;
}

fn make_unit(x: ptr<function, array<f32, 9>>) {
    var largest = 1e-30;
    for (var k = 0u; k < 9u; k++) {
        largest = max(largest, abs((*x)[k]));
    }
    var norm_sq = 0.0;
    for (var k = 0u; k < 9u; k++) {
        (*x)[k] /= largest;
        norm_sq += (*x)[k] * (*x)[k];
    }
    let scale = inverseSqrt(norm_sq);
    for (var k = 0u; k < 9u; k++) {
        (*x)[k] *= scale;
    }
}
