// A square linear system by Gauss elimination with partial pivoting. The shader that uses it declares UNKNOWNS.

/// The solution of A x = b from the rows [A | b], which are overwritten; zeros where A is singular to f32.
fn solve_linear(rows: ptr<function, array<array<f32, UNKNOWNS + 1u>, UNKNOWNS>>) -> array<f32, UNKNOWNS> {
    var x = array<f32, UNKNOWNS>();
    for (var column = 0u; column < UNKNOWNS; column++) {
        var pivot = column;
        for (var i = column + 1u; i < UNKNOWNS; i++) {
            pivot = select(pivot, i, abs((*rows)[i][column]) > abs((*rows)[pivot][column]));
        }
        let pivot_row = (*rows)[pivot];
        (*rows)[pivot] = (*rows)[column];
        (*rows)[column] = pivot_row;
        // Written so that NaN leaves too.
        if !(abs(pivot_row[column]) > 1e-20) {
            return x;
        }
        let inverse = 1.0 / pivot_row[column];
        for (var i = column + 1u; i < UNKNOWNS; i++) {
            let factor = (*rows)[i][column] * inverse;
            for (var j = column + 1u; j <= UNKNOWNS; j++) {
                (*rows)[i][j] -= factor * pivot_row[j];
            }
        }
    }
    for (var k = UNKNOWNS; k > 0u; k--) {
        let i = k - 1u;
        var sum = (*rows)[i][UNKNOWNS];
        for (var j = k; j < UNKNOWNS; j++) {
            sum -= (*rows)[i][j] * x[j];
        }
        x[i] = sum / (*rows)[i][i];
    }
    return x;
}
