// Numbers that are neither NaN nor infinite, by the bits: compilers may take it that there are none.

fn is_below(value: f32, bound: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) < bitcast<u32>(bound);
}

fn is_moderate(value: f32) -> bool {
    return is_below(value, 1e30f);
}

fn are_moderate(v: vec4<f32>) -> bool {
    return is_moderate(v.x) && is_moderate(v.y) && is_moderate(v.z) && is_moderate(v.w);
}
