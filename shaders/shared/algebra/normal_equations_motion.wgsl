// The weighted normal equations JᵀJ and Jᵀr of residuals of a motion by its parameters (ω, δt), in registers.

struct Sums {
    turns: mat3x3<f32>,
    mixed: mat3x3<f32>, // columns: δt, rows: ω
    shifts: mat3x3<f32>,
    by_turn: vec3<f32>,
    by_shift: vec3<f32>,
    cost: f32,
}

fn add_row(sums: ptr<function, Sums>, turn: vec3<f32>, shift: vec3<f32>, residual: f32, weight: f32) {
    (*sums).turns += outer(weight * turn, turn);
    (*sums).mixed += outer(weight * turn, shift);
    (*sums).shifts += outer(weight * shift, shift);
    (*sums).by_turn += weight * residual * turn;
    (*sums).by_shift += weight * residual * shift;
}

/// The columns of the blocks, and in the last places the gradient and the cost.
const SUM_VECTORS: u32 = 9u;
const COST: u32 = 27u;

fn hold_sums(s: Sums, place: u32, is_first: bool) {
    hold(place, vec4<f32>(s.turns[0], s.by_turn.x), is_first);
    hold(place + 1u, vec4<f32>(s.turns[1], s.by_turn.y), is_first);
    hold(place + 2u, vec4<f32>(s.turns[2], s.by_turn.z), is_first);
    hold(place + 3u, vec4<f32>(s.mixed[0], s.by_shift.x), is_first);
    hold(place + 4u, vec4<f32>(s.mixed[1], s.by_shift.y), is_first);
    hold(place + 5u, vec4<f32>(s.mixed[2], s.by_shift.z), is_first);
    hold(place + 6u, vec4<f32>(s.shifts[0], s.cost), is_first);
    hold(place + 7u, vec4<f32>(s.shifts[1], 0.0), is_first);
    hold(place + 8u, vec4<f32>(s.shifts[2], 0.0), is_first);
}

fn prepare_projection(state: State, local: u32) {}

/// From `totals` to `proposed`.
fn project(local: u32) {
    if (local < SYSTEM_SIZE) {
        let row = local / COLUMNS;
        let column = local % COLUMNS;
        var entry = totals[4u * row + 3u];
        if (column < PARAMETERS) {
            let low = min(row, column);
            let high = max(row, column);
            entry = totals[12u * (low / 3u + high / 3u) + 4u * (high % 3u) + low % 3u];
        }
        proposed[local] = entry;
    }
    workgroupBarrier();
}
