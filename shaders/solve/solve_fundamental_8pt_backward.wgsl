// Gradient of the weighted eight-point algorithm by the implicit function theorem, of all that it computes:
// F = T₂ᵀ R T₁ / |T₂ᵀ R T₁| with R the matrix of rank 2 closest to A, vec A the eigenvector of the smallest eigenvalue of
// M = Σ w a aᵀ, a = vec(x̂₂ x̂₁ᵀ), x̂ = T x, and T Hartley's similarities. In: of each hypothesis a range of matches
// (x1 y1 x2 y2) and weights, F of norm 1, whose sign is that meant. Twin: src/cpu/solve/solve_fundamental_8pt_backward.rs.

@group(0) @binding(6) var<storage, read_write> weights: array<f32>;
@group(0) @binding(7) var<storage, read_write> weight_gradients: array<f32>;

const SAMPLE_SIZE: u32 = 8u;

fn match_at(i: u32) -> vec4<f32> {
    return points[i];
}

fn weight_at(i: u32) -> f32 {
    return weights[i];
}

fn run_hypothesis(hypothesis: u32) {
    let first = solver_params[1u + 2u * hypothesis];
    let count = solver_params[2u + 2u * hypothesis];
    var is_usable = fit_gradient(hypothesis, first, count);
    for (var i = first; i < first + count; i++) {
        is_usable = is_usable && is_finite4(vec4(weight_gradients[i]));
    }
    keep_if_finite(hypothesis, first, count, is_usable);
    for (var i = first; i < first + count && usable[hypothesis] == 0u; i++) {
        weight_gradients[i] = 0.0;
    }
}

fn fit_gradient(hypothesis: u32, first: u32, count: u32) -> bool {
    let h = hartley(first, count, SAMPLE_SIZE);
    if !h.usable {
        return false;
    }
    var r = Triangular9();
    for (var i = first; i < first + count; i++) {
        let m = normalized(h, match_at(i));
        let x2 = sqrt(weight_at(i)) * vec3(m.zw, 1.0);
        // Coefficients of A by columns.
        insert_row(&r, outer9(x2, vec3(m.xy, 1.0)));
    }
    var spectrum = singular_rows(r);
    let a = matrix9(spectrum.vector);
    let split = split_rank_two(a);
    let to_unit1 = to_unit(h.scales.x, h.centroids.xy);
    let to_unit2 = to_unit(h.scales.y, h.centroids.zw);
    let f = transpose(to_unit2) * split.rank2 * to_unit1;
    let sign = select(1.0, -1.0, frobenius(f, matrix_of(model_at(hypothesis))) < 0.0);
    let scale = sign * inverseSqrt(frobenius(f, f));
    let by_unit_f = matrix_of(model_gradient_at(hypothesis));
    let by_f = scale * (by_unit_f - (scale * scale * frobenius(by_unit_f, f)) * f);
    let g = through_rank_two(split, to_unit2 * by_f * transpose(to_unit1));
    let by_vector = Nine(vec4(g[0], g[1].x), vec4(g[1].yz, g[2].xy), g[2].z);
    let multiplier = matrix9(eigenvector_multiplier(&spectrum, by_vector));

    for (var i = first; i < first + count; i++) {
        let m = normalized(h, match_at(i));
        let x1 = vec3(m.xy, 1.0);
        let x2 = vec3(m.zw, 1.0);
        let along_a = dot(x2, a * x1);
        let along_multiplier = dot(x2, multiplier * x1);
        let slope = weight_at(i) * (along_multiplier * a + along_a * multiplier);
        point_gradients[i] = vec4((x2 * slope).xy, (slope * x1).xy);
        weight_gradients[i] = along_a * along_multiplier;
    }
    let by_matrix1 = transpose(transpose(to_unit2) * split.rank2) * by_f;
    let by_matrix2 = split.rank2 * to_unit1 * transpose(by_f);
    through_similarities(h, of_matrices(h, by_matrix1, by_matrix2), first, count);
    // Written so that NaN fails it too.
    return split.usable && relative_gap(&spectrum) * MAX_CONDITION >= 1.0;
}

/// A matrix with its singular value decomposition, the smallest value last, and the closest matrix of rank 2.
struct RankTwoSplit {
    u: mat3x3<f32>,
    v: mat3x3<f32>,
    sigma: vec3<f32>,
    rank2: mat3x3<f32>,
    usable: bool,
}

fn split_rank_two(a: mat3x3<f32>) -> RankTwoSplit {
    let svd = svd3(a);
    let k3 = svd.smallest;
    let k1 = (k3 + 1u) % 3u;
    let k2 = (k3 + 2u) % 3u;
    let sigma1 = svd.sigma[k1];
    let sigma2 = svd.sigma[k2];
    let u1 = column(svd.scaled_left, k1) / sigma1;
    let u2 = column(svd.scaled_left, k2) / sigma2;
    let left = column(svd.scaled_left, k3);
    let across = normalize(cross(u1, u2));
    // Of the two unit vectors across, that with a singular value ≥ 0.
    let u3 = across * select(1.0, -1.0, dot(across, left) < 0.0);
    let v3 = column(svd.right, k3);
    let sigma = vec3(sigma1, sigma2, dot(u3, left));
    let rank2 = mat3x3(a[0] - left * v3.x, a[1] - left * v3.y, a[2] - left * v3.z);
    // A double least singular value leaves the plane of u₃ and v₃ open. Written so that NaN fails it too.
    let is_usable = max(sigma.x, sigma.y) <= MAX_CONDITION * (min(sigma.x, sigma.y) - sigma.z);
    return RankTwoSplit(mat3x3(u1, u2, u3), mat3x3(column(svd.right, k1), column(svd.right, k2), v3), sigma, rank2, is_usable);
}

/// ∂L/∂A from ∂L/∂R: in the frames U and V only the third row and column mix, ∂L/∂A_k3 =
/// σ_k (σ_k ∂L/∂R_k3 + σ₃ ∂L/∂R_3k) / (σ_k² − σ₃²), and ∂L/∂A_33 = 0.
fn through_rank_two(split: RankTwoSplit, gradient: mat3x3<f32>) -> mat3x3<f32> {
    var g = transpose(split.u) * gradient * split.v;
    let s = split.sigma.xy;
    let s3 = split.sigma.z;
    let right = g[2].xy;
    let below = vec2(g[0].z, g[1].z);
    let factor = s / ((s - s3) * (s + s3));
    let new_right = factor * (s * right + s3 * below);
    let new_below = factor * (s * below + s3 * right);
    g[2] = vec3(new_right, 0.0);
    g[0].z = new_below.x;
    g[1].z = new_below.y;
    return split.u * g * transpose(split.v);
}
