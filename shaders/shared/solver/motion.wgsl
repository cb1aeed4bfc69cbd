// Motions of shared/solver/rigid_motion, written where the shader's write_model puts models.

fn write_motion(slot: u32, motion: Motion) {
    let rows = transpose(motion.rotation);
    let t = motion.translation;
    write_model(slot, vec4(rows[0], t.x), vec4(rows[1], t.y), vec4(rows[2], t.z));
}
