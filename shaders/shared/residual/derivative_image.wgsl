// What transfer and reprojection errors share: r = (y₁₂/y₃ − x) / metric.

struct Terms {
    residual: vec3<f32>,
    image: vec2<f32>,   // y₁₂/y₃
    scale: vec2<f32>,   // 1/(y₃ metric)
}

fn residual_terms(m: Model, metric: vec4<f32>, match_: Match) -> Terms {
    let y = map_point(m, match_);
    let inverse_depth = 1.0 / y.z;
    let image = y.xy * inverse_depth;
    let residual = (image - image_point(match_)) / metric.zw;
    return Terms(vec3<f32>(residual, 0.0), image, inverse_depth / metric.zw);
}

/// The derivatives of the residual's entries by y, as columns.
fn by_point(terms: Terms) -> mat2x3<f32> {
    return mat2x3<f32>(
        vec3<f32>(terms.scale.x, 0.0, -terms.image.x * terms.scale.x),
        vec3<f32>(0.0, terms.scale.y, -terms.image.y * terms.scale.y),
    );
}
