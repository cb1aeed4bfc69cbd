//! The loss F = Σ ½ |r|² of matches under a motion, with its gradient and Hessian by the motion.
//!
//! The residual depends on y = R X + t alone: r = (y₁₂/y₃ − x) / metric of a pose, r = (y − X2) / metric of a rigid transform.
//! With s = ∂F/∂y and A = ∂²F/∂y² of a match, and the motion turning about a centre c, y' = exp([ω]×) (y − c) + c + τ, to second
//! order: F_ω = (y − c) × s, F_τ = s, F_ωω = [y − c]× A [y − c]×ᵀ + ½ ((y − c) sᵀ + s (y − c)ᵀ) − s·(y − c) I,
//! F_ωτ = [y − c]× A, F_ττ = A. Gauss and Newton leave out of A and F_ωω what is linear in s or r.

use crate::cpu::real::Real;
use crate::cpu::search::{normalize_matches::BLOCK, refine_model::Near};
use crate::geometry::Pose;
use glam::{DMat3, DVec3};
use multiversion::{multiversion, target::match_target};

/// The loss of a match that a pose puts behind the camera.
const BEHIND: f64 = 1e30;

/// What a match says about its point y.
#[derive(Clone, Copy)]
pub(super) struct PointTerms<T> {
    pub(super) loss: T,
    /// s.
    pub(super) slope: [T; 3],
    /// A: xx, xy, xz, yy, yz, zz.
    pub(super) curvature: [T; 6],
}

/// A kind of residual. `other` is the second side of a match, `inverse` 1/metric along its axes.
pub(super) trait PointLoss {
    /// Of the point y; `whole` is 1, or 0 for A without what is linear in r.
    fn terms<T: Real>(y: [T; 3], other: [T; 3], inverse: [T; 2], whole: T) -> PointTerms<T>;
    /// −∂/∂other of s·v.
    fn by_other(y: DVec3, v: DVec3, inverse: [f64; 2]) -> DVec3;
}

/// Reprojection error of a pose.
pub(super) struct Reprojected;

impl PointLoss for Reprojected {
    #[inline(always)]
    fn terms<T: Real>([x, y, z]: [T; 3], other: [T; 3], inverse: [T; 2], whole: T) -> PointTerms<T> {
        let inverse_depth = T::ONE / z;
        let image = [x * inverse_depth, y * inverse_depth];
        let residual = [(image[0] - other[0]) * inverse[0], (image[1] - other[1]) * inverse[1]];
        // ∂r/∂y has the rows (a, 0, −u a) and (0, b, −v b)
        let (a, b) = (inverse_depth * inverse[0], inverse_depth * inverse[1]);
        let (p, q) = (residual[0] * a, residual[1] * b);
        let slope = [p, q, -(image[0].multiply_add(p, image[1] * q))];
        // ∂²F/∂y² = Σ ∇r ∇rᵀ − (s e₃ᵀ + e₃ sᵀ)/y₃
        let bend = whole * inverse_depth;
        let (aa, bb) = (a * a, b * b);
        let (xz, yz) = (-(image[0] * aa), -(image[1] * bb));
        let zz = -(image[0].multiply_add(xz, image[1] * yz));
        let curvature = [
            aa,
            T::ZERO,
            (-bend).multiply_add(slope[0], xz),
            bb,
            (-bend).multiply_add(slope[1], yz),
            (-(bend + bend)).multiply_add(slope[2], zz),
        ];
        let loss = T::of(0.5) * residual[0].multiply_add(residual[0], residual[1] * residual[1]);
        PointTerms { loss: if z > T::ZERO { loss } else { T::of(BEHIND) }, slope, curvature }
    }

    fn by_other(y: DVec3, v: DVec3, inverse: [f64; 2]) -> DVec3 {
        let along = |k: usize| (v[k] - y[k] / y.z * v.z) / y.z * inverse[k] * inverse[k];
        DVec3::new(along(0), along(1), 0.0)
    }
}

/// Distance of a rigid transform.
pub(super) struct Moved;

impl PointLoss for Moved {
    #[inline(always)]
    fn terms<T: Real>(y: [T; 3], other: [T; 3], [inverse, _]: [T; 2], _: T) -> PointTerms<T> {
        let curvature = inverse * inverse;
        let d = [y[0] - other[0], y[1] - other[1], y[2] - other[2]];
        let sum = d[0].multiply_add(d[0], d[1].multiply_add(d[1], d[2] * d[2]));
        PointTerms {
            loss: T::of(0.5) * curvature * sum,
            slope: [d[0] * curvature, d[1] * curvature, d[2] * curvature],
            curvature: [curvature, T::ZERO, T::ZERO, curvature, T::ZERO, curvature],
        }
    }

    fn by_other(_: DVec3, v: DVec3, inverse: [f64; 2]) -> DVec3 {
        v * (inverse[0] * inverse[0])
    }
}

/// Where a motion turns, and how far it shifts in a unit of its local coordinates: so they are of one size, and H has no unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The mean of the points before the motion; it turns about where this goes.
    pub centre: DVec3,
    /// Their root mean square distance from it.
    pub spread: f64,
}

impl Frame {
    /// Of a set's points.
    pub(super) fn of(near: &Near) -> Self {
        let [x, y, z, ..] = &near.columns;
        let weighted =
            || x.iter().zip(y).zip(z).zip(&near.weights).map(|(((&x, &y), &z), &w)| (DVec3::new(x, y, z), w));
        let (sum, count) = weighted().fold((DVec3::ZERO, 0.0), |(sum, count), (point, w)| (sum + w * point, count + w));
        let centre = sum / count;
        let from_centre: f64 = weighted().map(|(point, w)| w * point.distance_squared(centre)).sum();
        Self { centre, spread: (from_centre / count).sqrt() }
    }

    /// The motion at local coordinates (ω, τ).
    pub(super) fn retract(&self, pose: &Pose, delta: &[f64; 6]) -> Pose {
        let turn = DMat3::from_quat(glam::DQuat::from_scaled_axis(DVec3::from_slice(delta)));
        let centre = pose.transform(self.centre);
        let translation = turn * (pose.translation - centre) + centre + self.spread * DVec3::from_slice(&delta[3..]);
        Pose { rotation: turn * pose.rotation, translation }
    }
}

/// H, its gradient and F itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct System {
    pub(super) hessian: [[f64; 6]; 6],
    pub(super) gradient: [f64; 6],
    pub(super) loss: f64,
}

/// F, and of the lower triangle of H: ωω (6), ωτ (9), ττ (6); then F_ω, F_τ.
const SUMS: usize = 28;
const LANES: usize = 8;

/// The system of a set under a motion: the whole Hessian, or that of Gauss and Newton.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
pub(super) fn system_of<P: PointLoss>(pose: &Pose, frame: &Frame, near: &Near, is_whole: bool) -> System {
    let sums = match_target! {
        "x86_64+avx2+fma" => sum_terms::<crate::cpu::real::Fused<f64>, P>(pose, frame, near, is_whole),
        _ => sum_terms::<f64, P>(pose, frame, near, is_whole),
    };
    arrange(&sums, frame.spread)
}

#[inline(always)]
fn sum_terms<T: Real, P: PointLoss>(pose: &Pose, frame: &Frame, near: &Near, is_whole: bool) -> [f64; SUMS] {
    let r = pose.rotation.to_cols_array().map(T::of);
    let t = pose.transform(frame.centre).to_array().map(T::of);
    let c = frame.centre.to_array().map(T::of);
    let inverse = [near.metric[2], near.metric[3]].map(|m| T::of(1.0 / m));
    let whole = T::of(f64::from(u8::from(is_whole)));
    let mut lanes = [[T::ZERO; LANES]; SUMS];
    let mut terms = [[T::ZERO; BLOCK]; SUMS];
    for (block, weights) in near.weights.as_chunks::<BLOCK>().0.iter().enumerate() {
        let column = |k: usize| {
            if near.columns[k].is_empty() { weights } else { &near.columns[k].as_chunks::<BLOCK>().0[block] }
        };
        let x = [0, 1, 2, 3, 4, 5].map(column);
        for k in 0..BLOCK {
            let p = [T::of(x[0][k]) - c[0], T::of(x[1][k]) - c[1], T::of(x[2][k]) - c[2]];
            let y = [
                r[0].multiply_add(p[0], r[3].multiply_add(p[1], r[6] * p[2])),
                r[1].multiply_add(p[0], r[4].multiply_add(p[1], r[7] * p[2])),
                r[2].multiply_add(p[0], r[5].multiply_add(p[1], r[8] * p[2])),
            ];
            let other = [T::of(x[3][k]), T::of(x[4][k]), T::of(x[5][k])];
            let at = P::terms([y[0] + t[0], y[1] + t[1], y[2] + t[2]], other, inverse, whole);
            let of_match = match_terms(y, &at, whole);
            let weight = T::of(weights[k]);
            for j in 0..SUMS {
                terms[j][k] = weight * of_match[j];
            }
        }
        for j in 0..SUMS {
            for start in (0..BLOCK).step_by(LANES) {
                for lane in 0..LANES {
                    lanes[j][lane] = lanes[j][lane] + terms[j][start + lane];
                }
            }
        }
    }
    let mut sums = [0.0; SUMS];
    for j in 0..SUMS {
        for lane in 0..LANES {
            sums[j] += lanes[j][lane].value();
        }
    }
    sums
}

/// Of a match at y from the centre.
#[inline(always)]
fn match_terms<T: Real>(y: [T; 3], at: &PointTerms<T>, whole: T) -> [T; SUMS] {
    let [xx, xy, xz, yy, yz, zz] = at.curvature;
    let s = at.slope;
    let cross = |a: [T; 3], b: [T; 3]| {
        [
            a[1].multiply_add(b[2], -(a[2] * b[1])),
            a[2].multiply_add(b[0], -(a[0] * b[2])),
            a[0].multiply_add(b[1], -(a[1] * b[0])),
        ]
    };
    // columns of [y]× A; its rows are b
    let (i, j, k) = (cross(y, [xx, xy, xz]), cross(y, [xy, yy, yz]), cross(y, [xz, yz, zz]));
    let b = [[i[0], j[0], k[0]], [i[1], j[1], k[1]], [i[2], j[2], k[2]]];
    let (t0, t1, t2) = (cross(y, b[0]), cross(y, b[1]), cross(y, b[2]));
    let half = T::of(0.5) * whole;
    let along = whole * s[0].multiply_add(y[0], s[1].multiply_add(y[1], s[2] * y[2]));
    let mixed = |a: usize, c: usize| half * y[a].multiply_add(s[c], s[a] * y[c]);
    let turn = cross(y, s);
    [
        at.loss,
        t0[0] + mixed(0, 0) - along,
        t1[0] + mixed(1, 0),
        t1[1] + mixed(1, 1) - along,
        t2[0] + mixed(2, 0),
        t2[1] + mixed(2, 1),
        t2[2] + mixed(2, 2) - along,
        b[0][0],
        b[0][1],
        b[0][2],
        b[1][0],
        b[1][1],
        b[1][2],
        b[2][0],
        b[2][1],
        b[2][2],
        xx,
        xy,
        yy,
        xz,
        yz,
        zz,
        turn[0],
        turn[1],
        turn[2],
        s[0],
        s[1],
        s[2],
    ]
}

/// The sums as a system, shifts in units of the spread.
fn arrange(sums: &[f64; SUMS], spread: f64) -> System {
    let triangle = |first: usize, i: usize, j: usize| sums[first + i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
    let entry = |i: usize, j: usize| match (i / 3, j / 3) {
        (0, 0) => triangle(1, i, j),
        (0, _) => spread * sums[7 + 3 * i + j - 3],
        (_, 0) => spread * sums[7 + 3 * j + i - 3],
        _ => spread * spread * triangle(16, i - 3, j - 3),
    };
    System {
        hessian: std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j))),
        gradient: std::array::from_fn(|k| sums[22 + k] * if k < 3 { 1.0 } else { spread }),
        loss: sums[0],
    }
}
