// A step of Gauss–Newton: solves JᵀJ δ = −Jᵀr, positive definite, by Gauss–Jordan elimination, an entry an invocation. The
// equations are rows of nine, JᵀJ as if there were eight parameters, and Jᵀr. Other parts declare PARAMETERS, and equation_at(place)
// with the entries to be solved.

const SYSTEM_SIZE: u32 = 72u;

// What project writes: the equations of the state that the sums were added up at.
var<workgroup> proposed: array<f32, SYSTEM_SIZE>;
// A step of the elimination reads one and writes the other; δ is the last column.
var<workgroup> systems: array<array<f32, SYSTEM_SIZE>, 2>;

// With the diagonal larger by this share.
fn solve_equations(damping: f32, local: u32) {
    let place = min(local, SYSTEM_SIZE - 1u);
    let row = place / 9u;
    let column = place % 9u;
    let works = local < SYSTEM_SIZE;
    if (works) {
        let entry = equation_at(place);
        let diagonal = select(1.0, entry * (1.0 + damping), entry > 0.0);
        systems[0][place] = select(select(entry, -entry, column == 8u), diagonal, row == column);
    }
    workgroupBarrier();
    for (var k = 0u; k < PARAMETERS; k++) {
        let from_ = k % 2u;
        let scaled = systems[from_][9u * k + column] / systems[from_][10u * k];
        let reduced = select(systems[from_][place] - systems[from_][9u * row + k] * scaled, scaled, row == k);
        if (works) {
            systems[1u - from_][place] = reduced;
        }
        workgroupBarrier();
    }
}

fn delta(parameter: u32) -> f32 {
    return systems[PARAMETERS % 2u][9u * parameter + 8u];
}

fn step_of() -> array<f32, 8> {
    return array<f32, 8>(delta(0u), delta(1u), delta(2u), delta(3u), delta(4u), delta(5u), delta(6u), delta(7u));
}
