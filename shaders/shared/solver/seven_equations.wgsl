// Seven epipolar equations: the reflections that turn them into the first seven axes, and what they correct.

struct SevenReflections {
    q0: Reflection,
    q1: Reflection,
    q2: Reflection,
    q3: Reflection,
    q4: Reflection,
    q5: Reflection,
    q6: Reflection,
}

/// Qᵀ x.
fn turned7(q: SevenReflections, x: Nine) -> Nine {
    let y = reflected(reflected(reflected(reflected(x, q.q0.v), q.q1.v), q.q2.v), q.q3.v);
    return reflected(reflected(reflected(y, q.q4.v), q.q5.v), q.q6.v);
}

/// Q x.
fn turned_back7(q: SevenReflections, x: Nine) -> Nine {
    let y = reflected(reflected(reflected(x, q.q6.v), q.q5.v), q.q4.v);
    return reflected(reflected(reflected(reflected(y, q.q3.v), q.q2.v), q.q1.v), q.q0.v);
}

/// The y of L y = r, the first seven entries.
fn lower_solved7(q: SevenReflections, r: Nine) -> Nine {
    var y = Nine();
    y.a.x = r.a.x / q.q0.lower.a.x;
    y.a.y = (r.a.y - inner9(q.q1.lower, y)) / q.q1.lower.a.y;
    y.a.z = (r.a.z - inner9(q.q2.lower, y)) / q.q2.lower.a.z;
    y.a.w = (r.a.w - inner9(q.q3.lower, y)) / q.q3.lower.a.w;
    y.b.x = (r.b.x - inner9(q.q4.lower, y)) / q.q4.lower.b.x;
    y.b.y = (r.b.y - inner9(q.q5.lower, y)) / q.q5.lower.b.y;
    y.b.z = (r.b.z - inner9(q.q6.lower, y)) / q.q6.lower.b.z;
    return y;
}
