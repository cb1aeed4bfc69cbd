//! Real roots of a binary cubic form, and the cubic whose roots are the singular members of a pencil of 3×3 matrices.

use super::Solutions;
use super::matrix3::{cofactors, inner_product};
use glam::DMat3;

/// Coefficients `c` of `det(x A + y B) = c₀ x³ + c₁ x²y + c₂ xy² + c₃ y³`.
pub fn pencil_determinant(a: &DMat3, b: &DMat3) -> [f64; 4] {
    let (of_a, of_b) = (cofactors(a), cofactors(b));
    [of_a.x_axis.dot(a.x_axis), inner_product(&of_a, b), inner_product(&of_b, a), of_b.x_axis.dot(b.x_axis)]
}

/// The 1 or 3 real roots `[x, y]` of `c₀ x³ + c₁ x²y + c₂ xy² + c₃ y³`, up to scale and never both zero, the most
/// isolated one first; none where all coefficients vanish or one is not finite.
pub fn real_roots(c: [f64; 4]) -> Solutions<[f64; 2], 3> {
    let outer = c[0].abs().max(c[3].abs());
    if outer * 64.0 < c[1].abs().max(c[2].abs()) {
        // Roots near both [1, 0] and [0, 1]: turn the basis so that none is near infinity.
        let turned = [
            c[0] + c[1] + c[2] + c[3],
            3.0 * (c[0] - c[3]) + c[1] - c[2],
            3.0 * (c[0] + c[3]) - c[1] - c[2],
            c[0] - c[1] + c[2] - c[3],
        ];
        return affine_roots(turned, |u, v| [u + v, u - v]);
    }
    affine_roots(c, |x, y| [x, y])
}

/// Roots of the form with the larger of the outer coefficients as the leading one, each mapped by `place(x, y)`.
fn affine_roots(c: [f64; 4], place: impl Fn(f64, f64) -> [f64; 2]) -> Solutions<[f64; 2], 3> {
    let mut roots = Solutions::new([0.0; 2]);
    let swap = c[0].abs() < c[3].abs();
    let [lead, a, b, d] = if swap { [c[3], c[2], c[1], c[0]] } else { c };
    let inverse = 1.0 / lead;
    let monic = [a * inverse, b * inverse, d * inverse];
    if monic.iter().all(|k| k.is_finite()) {
        for &t in monic_roots(monic).iter() {
            roots.push(if swap { place(1.0, t) } else { place(t, 1.0) });
        }
    }
    roots
}

/// Real roots of `t³ + a t² + b t + d` in closed form, then polished; the most isolated one first.
fn monic_roots([a, b, d]: [f64; 3]) -> Solutions<f64, 3> {
    let mut roots = Solutions::new(0.0);
    let shift = a / 3.0;
    let q = shift * shift - b / 3.0;
    let r = shift * (shift * shift - 0.5 * b) + 0.5 * d;
    let polish = |t| polish([a, b, d], t);
    let q_cubed = q * q * q;
    if r * r < q_cubed {
        // Mirrored so that the cosine of a third of the angle always belongs to the isolated root.
        let amplitude = -2.0 * q.sqrt().copysign(r);
        let (sin, cos) = ((r.abs() / q_cubed.sqrt()).min(1.0).acos() / 3.0).sin_cos();
        let (half_cos, half_sin) = (0.5 * cos, 0.75f64.sqrt() * sin);
        roots.push(polish(amplitude * cos - shift));
        roots.push(polish(amplitude * (half_sin - half_cos) - shift));
        roots.push(polish(-amplitude * (half_sin + half_cos) - shift));
    } else {
        let s = -(r.abs() + (r * r - q_cubed).sqrt()).cbrt().copysign(r);
        let t = if s == 0.0 { 0.0 } else { q / s };
        roots.push(polish(s + t - shift));
    }
    roots
}

/// Two Newton steps, each taken only if it lowers the residual.
fn polish([a, b, d]: [f64; 3], mut t: f64) -> f64 {
    let value = |t: f64| ((t + a) * t + b) * t + d;
    let mut residual = value(t);
    for _ in 0..2 {
        let next = t - residual / ((3.0 * t + 2.0 * a) * t + b);
        let next_residual = value(next);
        if next_residual.abs() < residual.abs() {
            (t, residual) = (next, next_residual);
        }
    }
    t
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;

    /// The form with the given roots `[x, y]`.
    fn form(roots: [[f64; 2]; 3]) -> [f64; 4] {
        let [[a, b], [c, d], [e, f]] = roots;
        // (b x − a y)(d x − c y)(f x − e y)
        [b * d * f, -(a * d * f + b * c * f + b * d * e), a * c * f + a * d * e + b * c * e, -a * c * e]
    }

    #[test]
    fn finds_all_roots_wherever_they_are() {
        let near_infinity = [[1.0, 0.0], [0.0, 1.0], [1.0, -3.0]];
        for roots in [near_infinity, [[1.0, 1.0], [2.0, 1.0], [-3.0, 1.0]], [[1e-9, 1.0], [1.0, 1e-9], [1.0, 1.0]]] {
            let found = real_roots(form(roots));
            assert_eq!(found.len(), 3, "{roots:?}");
            for [x, y] in roots {
                let closest = found.iter().map(|[u, v]| (u * y - v * x).abs() / u.hypot(*v)).fold(1.0, f64::min);
                assert!(closest < 1e-12, "{roots:?}: {:?}", &found[..]);
            }
        }
    }

    #[test]
    fn puts_the_isolated_root_first() {
        for sign in [1.0, -1.0] {
            let found = real_roots(form([[sign * 4.0, 1.0], [sign, 1.0], [sign * 1.1, 1.0]]));
            assert!((found[0][0] / found[0][1] - sign * 4.0).abs() < 1e-12);
        }
    }

    #[test]
    fn gives_one_root_or_none() {
        assert_eq!(real_roots([1.0, 0.0, 1.0, 0.0]).len(), 1);
        assert!(real_roots([0.0; 4]).is_empty());
        assert!(real_roots([f64::NAN, 1.0, 1.0, 1.0]).is_empty());
    }

    #[test]
    fn the_pencil_is_singular_at_its_roots() {
        let a = DMat3::from_cols(DVec3::new(1.0, 2.0, -1.0), DVec3::new(0.3, 1.0, 4.0), DVec3::new(2.0, -2.0, 0.7));
        let b = DMat3::from_cols(DVec3::new(0.2, -1.0, 1.0), DVec3::new(3.0, 1.5, 2.0), DVec3::new(1.0, 0.1, -1.0));
        let roots = real_roots(pencil_determinant(&a, &b));
        assert!(!roots.is_empty());
        assert!(roots.iter().all(|[x, y]| (a * *x + b * *y).determinant().abs() < 1e-12));
    }
}
