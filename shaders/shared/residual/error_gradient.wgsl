// What reads the errors of matches under models has in common: the models, the matches, and the gradient of an error.

@group(0) @binding(1) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;

// By the model as it is inside the errors, and by the match.
struct ErrorGradient {
    rows: array<vec4<f32>, 3>,
    a: vec4<f32>,
    b: vec4<f32>,
}

fn match_at(index: u32) -> Match {
    return make_match(matches[index * MATCH_VECTORS], matches[(index + 1u) * MATCH_VECTORS - 1u]);
}

fn rows_at(row: u32) -> array<vec4<f32>, 3> {
    return array<vec4<f32>, 3>(models[3u * row], models[3u * row + 1u], models[3u * row + 2u]);
}

// Of a weighted sum of the two errors of a match; zero where it is not finite.
fn usable_gradient(errors: ErrorModel, match_: Match, weights: vec2<f32>) -> ErrorGradient {
    let gradient = error_gradient(errors, match_, weights);
    let usable = are_moderate(gradient.rows[0]) && are_moderate(gradient.rows[1]) && are_moderate(gradient.rows[2])
        && are_moderate(gradient.a) && are_moderate(gradient.b);
    if (!usable) {
        return ErrorGradient();
    }
    return gradient;
}

// The gradient by a model of that by it as it is inside the errors; zero of a model that is not finite.
fn model_gradient(row: u32, inside: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    let gradient = through_model(rows_at(row), inside);
    if (are_moderate(gradient[0]) && are_moderate(gradient[1]) && are_moderate(gradient[2])) {
        return gradient;
    }
    return array<vec4<f32>, 3>();
}
