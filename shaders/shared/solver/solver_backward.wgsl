// What the gradient of every minimal solver is given, besides solver_params of shared/solver/each_hypothesis, and gives.
//
// points: as in shared/solver. models, model_gradients: hypothesis × 3 rows, of the one model of each that is trained.
// point_gradients: as points; all zero where there is no usable gradient. usable: 1 or 0 a hypothesis.

@group(0) @binding(1) var<storage, read_write> points: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> models: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> model_gradients: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> point_gradients: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> usable: array<u32>;

/// Samples whose system has a larger condition number ‖J‖‖J⁻¹‖ (Frobenius norms) have no usable gradient.
const MAX_CONDITION: f32 = 1e4;

fn model_at(hypothesis: u32) -> array<vec4<f32>, 3> {
    return array(models[3u * hypothesis], models[3u * hypothesis + 1u], models[3u * hypothesis + 2u]);
}

fn model_gradient_at(hypothesis: u32) -> array<vec4<f32>, 3> {
    let first = 3u * hypothesis;
    return array(model_gradients[first], model_gradients[first + 1u], model_gradients[first + 2u]);
}

/// By the bits: compilers may take it that there are neither NaN nor infinities.
fn is_finite4(v: vec4<f32>) -> bool {
    return all((bitcast<vec4<u32>>(v) & vec4(0x7f800000u)) != vec4(0x7f800000u));
}

/// Marks the hypothesis usable if it is and its gradients, from `first` on, are finite; else they become zero.
fn keep_if_finite(hypothesis: u32, first: u32, count: u32, is_usable: bool) {
    var keeps = is_usable;
    for (var i = first; i < first + count; i++) {
        keeps = keeps && is_finite4(point_gradients[i]);
    }
    for (var i = first; i < first + count && !keeps; i++) {
        point_gradients[i] = vec4(0.0);
    }
    usable[hypothesis] = select(0u, 1u, keeps);
}
