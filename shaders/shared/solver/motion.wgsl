// Motions, their rotations as matrices of columns.

/// y = R x + t.
struct Motion {
    rotation: mat3x3<f32>,
    translation: vec3<f32>,
}

fn write_motion(slot: u32, motion: Motion) {
    let rows = transpose(motion.rotation);
    let t = motion.translation;
    write_model(slot, vec4(rows[0], t.x), vec4(rows[1], t.y), vec4(rows[2], t.z));
}
