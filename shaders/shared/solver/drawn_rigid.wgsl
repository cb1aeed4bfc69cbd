// The motion of three matches, if all three agree with it. Twin: src/cpu/train/draw_hypotheses.rs.

const DRAWN: u32 = 3u;

fn fit_drawn(places: array<u32, DRAWN>, start: u32, metric: vec4<f32>) -> Alignment {
    let a = match_at(start + places[0]);
    let b = match_at(start + places[1]);
    let c = match_at(start + places[2]);
    var fit = align_triangles(mat3x3(a.a.xyz, b.a.xyz, c.a.xyz), mat3x3(a.b.xyz, b.b.xyz, c.b.xyz));
    // NaN fails each
    fit.found = fit.found && error_sq(fit.motion, a, metric) < 1.0 && error_sq(fit.motion, b, metric) < 1.0
        && error_sq(fit.motion, c, metric) < 1.0;
    return fit;
}
