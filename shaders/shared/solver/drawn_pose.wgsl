// Of the poses of three matches the one that reprojects a fourth best, if all four agree with it. Twin:
// src/cpu/train/draw_hypotheses.rs.

const DRAWN: u32 = 4u;

fn fit_drawn(places: array<u32, DRAWN>, start: u32, metric: vec4<f32>) -> Alignment {
    let a = match_at(start + places[0]);
    let b = match_at(start + places[1]);
    let c = match_at(start + places[2]);
    let fourth = match_at(start + places[3]);
    let view = view_of(mat3x3(a.a.xyz, b.a.xyz, c.a.xyz), a.b.xy, b.b.xy, c.b.xy);
    var depths = all_depths(view);
    var best: Alignment;
    var least = 1.0;
    for (var k = 0u; k < 4u; k++) {
        if (!depths[k].found) {
            continue;
        }
        let fit = pose_at(depths[k], view);
        let error = error_sq(fit.motion, fourth, metric);
        // NaN fails it too
        if (fit.found && error < least) {
            least = error;
            best = fit;
        }
    }
    let own = max(error_sq(best.motion, a, metric), max(error_sq(best.motion, b, metric), error_sq(best.motion, c, metric)));
    best.found = best.found && own < 1.0;
    return best;
}
