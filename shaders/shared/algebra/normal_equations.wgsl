// JᵀJ of eight parameters as three 4×4 blocks, Jᵀr and the cost, in registers; parameters that a model lacks stay zero.

struct NormalEquations {
    h00: mat4x4<f32>,
    h01: mat4x4<f32>, // columns: parameters 4..8, rows: parameters 0..4
    h11: mat4x4<f32>,
    g0: vec4<f32>,
    g1: vec4<f32>,
    cost: f32,
}

fn outer(column: vec4<f32>, row: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(column * row.x, column * row.y, column * row.z, column * row.w);
}

fn add_row(sums: ptr<function, NormalEquations>, j0: vec4<f32>, j1: vec4<f32>, residual: f32, weight: f32) {
    let w0 = j0 * weight;
    let w1 = j1 * weight;
    (*sums).h00 += outer(w0, j0);
    (*sums).h01 += outer(w0, j1);
    (*sums).h11 += outer(w1, j1);
    (*sums).g0 += w0 * residual;
    (*sums).g1 += w1 * residual;
}

// As fifteen vectors: the columns of the blocks, Jᵀr, the cost.
const EQUATION_VECTORS: u32 = 15u;

fn equation_vectors(e: NormalEquations) -> array<vec4<f32>, 15> {
    return array<vec4<f32>, 15>(
        e.h00[0], e.h00[1], e.h00[2], e.h00[3],
        e.h01[0], e.h01[1], e.h01[2], e.h01[3],
        e.h11[0], e.h11[1], e.h11[2], e.h11[3],
        e.g0, e.g1, vec4<f32>(e.cost, 0.0, 0.0, 0.0),
    );
}
