// Gumbel noise from a counter: perturbed logits k = l − ln E with E = −ln U. Twin: src/cpu/train/sample_gumbel.rs.
// params of its own: sample size, seed (two words), step, temperature, the hypothesis of the step that the first row is.

const NEVER_DRAWN: f32 = -1e30;

fn sample_size() -> u32 {
    return params[2];
}

fn temperature() -> f32 {
    return bitcast<f32>(params[6]);
}

// Of a hypothesis: the key of its noise.
fn noise_key(row: u32) -> vec4<u32> {
    return pcg4d(vec4<u32>(params[3], params[4], params[5], params[7] + row));
}

// −ln(1 − v) for v in 0..1, by the series where 1 − v would lose the digits of v.
fn exponential(v: f32) -> f32 {
    let series = v * (1.0 + v * (0.5 + v * (1.0 / 3.0 + v * (0.25 + v * 0.2))));
    return select(-log(1.0 - v), series, v < 0.03);
}

// Of a match, by its index in the pair.
fn perturbed_logit(key: vec4<u32>, index: u32, logit: f32) -> f32 {
    let words = pcg4d(vec4<u32>(key.xyz, index / 4u));
    let v = (f32(words[index % 4u] >> 9u) + 0.5) * 0x1p-23f;
    // Not finite: comparisons with NaN are false.
    return select(NEVER_DRAWN, logit - log(exponential(v)), abs(logit) < 1e30);
}
