// The weighted normal equations of residuals of a 3×3 matrix M, in registers: JᵀJ and Jᵀr by the nine entries of M, which are
// projected on the tangents of its parameters at the end.

/// Block ij is Σ w gᵢ gⱼᵀ, with gⱼ the derivatives of a residual by column j of M. Of those on the diagonal, which are
/// symmetric: xx xy xz, yy yz zz.
struct Sums {
    h00: mat2x3<f32>,
    h01: mat3x3<f32>,
    h02: mat3x3<f32>,
    h11: mat2x3<f32>,
    h12: mat3x3<f32>,
    h22: mat2x3<f32>,
    gradient: mat3x3<f32>,
    cost: f32,
}

fn symmetric(column: vec3<f32>, row: vec3<f32>) -> mat2x3<f32> {
    return mat2x3<f32>(column.x * row, column.yyz * row.yzz);
}

fn add_row(sums: ptr<function, Sums>, g: mat3x3<f32>, residual: f32, weight: f32) {
    let w = g * weight;
    (*sums).h00 += symmetric(w[0], g[0]);
    (*sums).h01 += outer(w[0], g[1]);
    (*sums).h02 += outer(w[0], g[2]);
    (*sums).h11 += symmetric(w[1], g[1]);
    (*sums).h12 += outer(w[1], g[2]);
    (*sums).h22 += symmetric(w[2], g[2]);
    (*sums).gradient += w * residual;
}

/// Of residuals of y = M (x, 1): `squared` is Σ w d dᵀ and `gradient` Σ w r d, with d their derivatives by y.
fn add_rows_of_point(sums: ptr<function, Sums>, x: vec2<f32>, squared: mat3x3<f32>, gradient: vec3<f32>) {
    let half_ = mat2x3<f32>(squared[0], vec3<f32>(squared[1].yz, squared[2].z));
    (*sums).h00 += half_ * (x.x * x.x);
    (*sums).h01 += squared * (x.x * x.y);
    (*sums).h02 += squared * x.x;
    (*sums).h11 += half_ * (x.y * x.y);
    (*sums).h12 += squared * x.y;
    (*sums).h22 += half_;
    (*sums).gradient += mat3x3<f32>(gradient * x.x, gradient * x.y, gradient);
}

/// The columns of the blocks, and in the last places the gradient and the cost.
const SUM_VECTORS: u32 = 15u;
const COST: u32 = 39u;

fn hold_sums(s: Sums, place: u32, is_first: bool) {
    let g = s.gradient;
    hold(place, vec4<f32>(s.h00[0], g[0].x), is_first);
    hold(place + 1u, vec4<f32>(s.h00[1], g[0].y), is_first);
    hold(place + 2u, vec4<f32>(s.h01[0], g[0].z), is_first);
    hold(place + 3u, vec4<f32>(s.h01[1], g[1].x), is_first);
    hold(place + 4u, vec4<f32>(s.h01[2], g[1].y), is_first);
    hold(place + 5u, vec4<f32>(s.h02[0], g[1].z), is_first);
    hold(place + 6u, vec4<f32>(s.h02[1], g[2].x), is_first);
    hold(place + 7u, vec4<f32>(s.h02[2], g[2].y), is_first);
    hold(place + 8u, vec4<f32>(s.h11[0], g[2].z), is_first);
    hold(place + 9u, vec4<f32>(s.h11[1], s.cost), is_first);
    hold(place + 10u, vec4<f32>(s.h12[0], 0.0), is_first);
    hold(place + 11u, vec4<f32>(s.h12[1], 0.0), is_first);
    hold(place + 12u, vec4<f32>(s.h12[2], 0.0), is_first);
    hold(place + 13u, vec4<f32>(s.h22[0], 0.0), is_first);
    hold(place + 14u, vec4<f32>(s.h22[1], 0.0), is_first);
}

/// The derivatives of M by the parameters.
var<workgroup> tangents: array<mat3x3<f32>, PARAMETERS>;
/// Entry 3k + i: Σⱼ Hᵢⱼ Tₖ₋ⱼ, of tangent k.
var<workgroup> products: array<vec3<f32>, 3u * PARAMETERS>;

/// The tangents at the trial state; needed by `project` only.
fn prepare_projection(state: State, local: u32) {
    if (local < PARAMETERS) {
        tangents[local] = tangent(state, local);
    }
}

fn total3(vector: u32) -> vec3<f32> {
    return vec3<f32>(totals[4u * vector], totals[4u * vector + 1u], totals[4u * vector + 2u]);
}

/// Block ij; its first vector is 0 2 5, 8 10 or 13.
fn block_times(i: u32, j: u32, v: vec3<f32>) -> vec3<f32> {
    let low = min(i, j);
    let first = 8u * low - 3u * (low / 2u) + 3u * (max(i, j) - low) - select(1u, 0u, i == j);
    let a = total3(first);
    let b = total3(first + 1u);
    if (i == j) {
        return mat3x3<f32>(a, vec3<f32>(a.y, b.xy), vec3<f32>(a.z, b.yz)) * v;
    }
    let h = mat3x3<f32>(a, b, total3(first + 2u));
    if (i < j) {
        return h * v;
    }
    return v * h;
}

/// From `totals` to `proposed`.
fn project(local: u32) {
    if (local < 3u * PARAMETERS) {
        let t = tangents[local / 3u];
        let i = local % 3u;
        products[local] = block_times(i, 0u, t[0]) + block_times(i, 1u, t[1]) + block_times(i, 2u, t[2]);
    }
    workgroupBarrier();
    if (local < SYSTEM_SIZE) {
        let t = tangents[local / COLUMNS];
        let column = local % COLUMNS;
        if (column == PARAMETERS) {
            let g = mat3x3<f32>(
                totals[3], totals[7], totals[11],
                totals[15], totals[19], totals[23],
                totals[27], totals[31], totals[35],
            );
            proposed[local] = dot(t[0], g[0]) + dot(t[1], g[1]) + dot(t[2], g[2]);
        } else {
            let y = 3u * column;
            proposed[local] = dot(t[0], products[y]) + dot(t[1], products[y + 1u]) + dot(t[2], products[y + 2u]);
        }
    }
    workgroupBarrier();
}
