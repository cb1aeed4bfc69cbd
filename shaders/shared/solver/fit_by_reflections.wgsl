// The unit vector that satisfies the epipolar equations of eight matches.

fn algebraic_fit(to_units: Hartley, first: u32, count: u32) -> Nine {
    let v0 = reflector(epipolar_row(to_units, first), 0u);
    let v1 = reflector(reflected(epipolar_row(to_units, first + 1u), v0), 1u);
    let v2 = reflector(reflected(reflected(epipolar_row(to_units, first + 2u), v0), v1), 2u);
    let v3 = reflector(reflected(reflected(reflected(epipolar_row(to_units, first + 3u), v0), v1), v2), 3u);
    var x = reflected(reflected(reflected(reflected(epipolar_row(to_units, first + 4u), v0), v1), v2), v3);
    let v4 = reflector(x, 4u);
    x = reflected(reflected(reflected(reflected(epipolar_row(to_units, first + 5u), v0), v1), v2), v3);
    let v5 = reflector(reflected(x, v4), 5u);
    x = reflected(reflected(reflected(reflected(epipolar_row(to_units, first + 6u), v0), v1), v2), v3);
    let v6 = reflector(reflected(reflected(x, v4), v5), 6u);
    x = reflected(reflected(reflected(reflected(epipolar_row(to_units, first + 7u), v0), v1), v2), v3);
    let v7 = reflector(reflected(reflected(reflected(x, v4), v5), v6), 7u);
    x = reflected(reflected(reflected(reflected(axis9(8u), v7), v6), v5), v4);
    return reflected(reflected(reflected(reflected(x, v3), v2), v1), v0);
}
