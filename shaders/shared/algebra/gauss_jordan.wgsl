// A step of Gauss–Newton: solves JᵀJ δ = −Jᵀr, positive definite, by Gauss–Jordan elimination, an entry an invocation. The
// equations are rows of JᵀJ, each with its entry of Jᵀr behind it. Other parts declare PARAMETERS, eight at most, WORKGROUP, no less
// than SYSTEM_SIZE, and equation_at(place) with the entries to be solved.

const COLUMNS: u32 = PARAMETERS + 1u;
const SYSTEM_SIZE: u32 = PARAMETERS * COLUMNS;
const_assert WORKGROUP >= SYSTEM_SIZE;

// What project writes: the equations of the state that the sums were added up at.
var<workgroup> proposed: array<f32, SYSTEM_SIZE>;
// A step of the elimination reads one and writes the other; δ is the last column.
var<workgroup> systems: array<array<f32, SYSTEM_SIZE>, 2>;

// With the diagonal larger by this share.
fn solve_equations(damping: f32, local: u32) {
    let place = min(local, SYSTEM_SIZE - 1u);
    let row = place / COLUMNS;
    let column = place % COLUMNS;
    let works = local < SYSTEM_SIZE;
    if (works) {
        let entry = equation_at(place);
        let diagonal = select(1.0, entry * (1.0 + damping), entry > 0.0);
        systems[0][place] = select(select(entry, -entry, column == PARAMETERS), diagonal, row == column);
    }
    workgroupBarrier();
    for (var k = 0u; k < PARAMETERS; k++) {
        let from_ = k % 2u;
        let scaled = systems[from_][COLUMNS * k + column] / systems[from_][(COLUMNS + 1u) * k];
        let reduced = select(systems[from_][place] - systems[from_][COLUMNS * row + k] * scaled, scaled, row == k);
        if (works) {
            systems[1u - from_][place] = reduced;
        }
        workgroupBarrier();
    }
}

// Zero beyond the last parameter.
fn delta(parameter: u32) -> f32 {
    let row = min(parameter, PARAMETERS - 1u);
    return select(0.0, systems[PARAMETERS % 2u][COLUMNS * row + PARAMETERS], row == parameter);
}

fn step_of() -> array<f32, 8> {
    return array<f32, 8>(delta(0u), delta(1u), delta(2u), delta(3u), delta(4u), delta(5u), delta(6u), delta(7u));
}
