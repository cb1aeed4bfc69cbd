// Mean and variance of four columns of rows, which a workgroup takes in lanes; `rows` is the binding of the stage.

const EPSILON: f32 = 1e-5;

struct Moments {
    mean: vec4<f32>,
    variance: vec4<f32>,
}

// Of rows from the `first` of this lane to before the `end`, `count` in all lanes; a row has so many `vectors`.
fn segment_moments(first: u32, end: u32, count: f32, vectors: u32, column: u32, local: u32) -> Moments {
    var sum = vec4<f32>();
    for (var row = first; row < end; row += LANES) {
        sum += rows[row * vectors + column];
    }
    let mean = sum_over_lanes(sum, local) / count;
    sum = vec4<f32>();
    for (var row = first; row < end; row += LANES) {
        let off = rows[row * vectors + column] - mean;
        sum += off * off;
    }
    return Moments(mean, sum_over_lanes(sum, local) / count);
}
