// Gauss–Jordan elimination of the first ten monomials of ten cubics (Nistér 2004, section 3.2), a cubic an invocation, with
// partial pivoting. The column in turn is always the first: a step shifts the rows by one, so that no index depends on it
// and the rows stay in registers.

/// Of each invocation: its entry in the column, −1 once it gave a pivot row.
var<workgroup> pivot_candidates: array<f32, WORKGROUP>;
/// Of each sample: the row of the column in turn.
var<workgroup> pivot_rows: array<Cubic, SAMPLES>;

struct Elimination {
    /// Of x z², x z, x, y z² | y z, y, z³, z² | z, 1: minus the reduced form of a monomial.
    row: Quadratic,
    /// The place of that monomial.
    column: u32,
    /// The smallest pivot as a share of the largest.
    quality: f32,
}

fn eliminated(cubic: Cubic, local: u32) -> Elimination {
    let sample = local / ROWS;
    var row = cubic;
    var place = ROWS;
    var smallest = 1e30;
    var largest = 0.0;
    for (var column = 0u; column < ROWS; column++) {
        pivot_candidates[local] = select(-1.0, abs(row.a.x), place == ROWS);
        workgroupBarrier();
        var pivot = 0u;
        var size = -2.0;
        for (var k = sample * ROWS; k < (sample + 1u) * ROWS; k++) {
            let is_larger = pivot_candidates[k] > size;
            size = select(size, pivot_candidates[k], is_larger);
            pivot = select(pivot, k, is_larger);
        }
        smallest = min(smallest, size);
        largest = max(largest, size);
        if pivot == local {
            place = column;
            pivot_rows[sample] = plus_cubic(Cubic(), 1.0 / row.a.x, row);
        }
        workgroupBarrier();
        let is_pivot = pivot == local;
        let reduced = plus_cubic(row, -row.a.x, pivot_rows[sample]);
        if is_pivot {
            row = shifted(pivot_rows[sample]);
        } else {
            row = shifted(reduced);
        }
    }
    return Elimination(Quadratic(row.a, row.b, row.c), place, smallest / largest);
}

fn shifted(c: Cubic) -> Cubic {
    return Cubic(
        vec4(c.a.yzw, c.b.x),
        vec4(c.b.yzw, c.c.x),
        vec4(c.c.yzw, c.d.x),
        vec4(c.d.yzw, c.e.x),
        vec4(c.e.yzw, 0.0),
    );
}
