// Mean and variance of a column of rows, which a workgroup takes in lanes; `rows` is the binding of the stage.

const EPSILON: f32 = 1e-5;

// Of rows from the `first` of this lane to before the `end`, `count` in all lanes.
fn segment_moments(first: u32, end: u32, count: f32, channels: u32, column: u32, local: u32) -> vec2<f32> {
    var sum = 0.0;
    for (var row = first; row < end; row += LANES) {
        sum += rows[row * channels + column];
    }
    let mean = sum_over_lanes(sum, local) / count;
    sum = 0.0;
    for (var row = first; row < end; row += LANES) {
        let off = rows[row * channels + column] - mean;
        sum += off * off;
    }
    return vec2<f32>(mean, sum_over_lanes(sum, local) / count);
}
