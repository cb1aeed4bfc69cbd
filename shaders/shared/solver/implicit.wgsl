// The linear system of a gradient by the implicit function theorem. The shader that uses it declares UNKNOWNS. Twin:
// src/cpu/solve/implicit.rs.

struct Multipliers {
    values: array<f32, UNKNOWNS>,
    usable: bool,
}

/// λ of Jᵀλ = −v; J is overwritten by its inverse.
fn multipliers(j: ptr<function, array<array<f32, UNKNOWNS>, UNKNOWNS>>, v: array<f32, UNKNOWNS>) -> Multipliers {
    var result: Multipliers;
    let norm_sq = norm_sq_of(j);
    result.usable = invert(j);
    let condition_sq = norm_sq * norm_sq_of(j);
    // Written so that NaN fails it too.
    result.usable = result.usable && condition_sq <= MAX_CONDITION * MAX_CONDITION;
    for (var i = 0u; i < UNKNOWNS; i++) {
        var sum = 0.0;
        for (var k = 0u; k < UNKNOWNS; k++) {
            sum -= (*j)[k][i] * v[k];
        }
        result.values[i] = sum;
    }
    return result;
}

fn norm_sq_of(m: ptr<function, array<array<f32, UNKNOWNS>, UNKNOWNS>>) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < UNKNOWNS; i++) {
        for (var k = 0u; k < UNKNOWNS; k++) {
            sum += (*m)[i][k] * (*m)[i][k];
        }
    }
    return sum;
}

/// Gauss–Jordan elimination in place with partial pivoting; false where a pivot vanishes.
fn invert(m: ptr<function, array<array<f32, UNKNOWNS>, UNKNOWNS>>) -> bool {
    var pivots: array<u32, UNKNOWNS>;
    for (var column = 0u; column < UNKNOWNS; column++) {
        var pivot = column;
        for (var i = column + 1u; i < UNKNOWNS; i++) {
            pivot = select(pivot, i, abs((*m)[i][column]) > abs((*m)[pivot][column]));
        }
        pivots[column] = pivot;
        var pivot_row = (*m)[pivot];
        (*m)[pivot] = (*m)[column];
        let head = pivot_row[column];
        // Written so that NaN leaves too.
        if !(abs(head) > 1e-20) {
            return false;
        }
        pivot_row[column] = 1.0;
        for (var k = 0u; k < UNKNOWNS; k++) {
            pivot_row[k] /= head;
        }
        (*m)[column] = pivot_row;
        for (var i = 0u; i < UNKNOWNS; i++) {
            if i != column {
                let factor = (*m)[i][column];
                (*m)[i][column] = 0.0;
                for (var k = 0u; k < UNKNOWNS; k++) {
                    (*m)[i][k] -= factor * pivot_row[k];
                }
            }
        }
    }
    // Swapped rows of J are swapped columns of its inverse.
    for (var k = UNKNOWNS; k > 0u; k--) {
        let column = k - 1u;
        let pivot = pivots[column];
        for (var i = 0u; i < UNKNOWNS; i++) {
            let entry = (*m)[i][column];
            (*m)[i][column] = (*m)[i][pivot];
            (*m)[i][pivot] = entry;
        }
    }
    return true;
}
