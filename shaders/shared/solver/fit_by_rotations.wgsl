// The unit vector with the least sum of squared epipolar equations of any number of matches.

fn algebraic_fit(to_units: Hartley, first: u32, count: u32) -> Nine {
    var r = Triangular9();
    for (var i = first; i < first + count; i++) {
        insert_row(&r, epipolar_row(to_units, i));
    }
    return smallest_singular_vector(r);
}
