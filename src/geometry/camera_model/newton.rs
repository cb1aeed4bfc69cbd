use glam::{DMat2, DVec2};

/// Steps at most.
const MAX_STEPS: usize = 100;
/// A step this small, relative to 1 or the point, is rounding.
const LAST_STEP: f64 = 1e-15;
/// What is left, relative to 1 or the distorted point, where a point is taken for the solution.
const CONVERGED: f64 = 1e-11;
/// The first steps are at most this long, relative to 1 or the point.
const FIRST_RADIUS: f64 = 0.1;
/// The start is within this share of the limit, at which the Jacobian is singular.
const START: f64 = 0.9;

/// Whether a map turns nothing over: both eigenvalues are positive, as they are on the axis.
pub(super) fn is_proper(jacobian: &DMat2) -> bool {
    jacobian.determinant() > 0.0 && jacobian.x_axis.x + jacobian.y_axis.y > 0.0
}

/// The point, shorter than a limit, that is mapped to this one, by Newton steps in a trust region; `None` where it is not found. The map
/// gives the Jacobian, too, which must be proper at the solution.
pub(super) fn invert(distorted: DVec2, limit: f64, map: impl Fn(DVec2) -> (DVec2, DMat2)) -> Option<DVec2> {
    let scale = |v: DVec2| v.length().max(1.0);
    let mut point = distorted.is_finite().then(|| distorted.clamp_length_max(START * limit))?;
    let (mut image, mut jacobian) = map(point);
    let mut radius = FIRST_RADIUS * scale(point);
    for _ in 0..MAX_STEPS {
        let newton = jacobian.inverse() * (distorted - image);
        if !newton.is_finite() {
            return None;
        }
        let step = newton.clamp_length_max(radius);
        if step.length() <= LAST_STEP * scale(point) {
            break;
        }
        let next = point + step;
        let (next_image, next_jacobian) = map(next);
        if next.length() < limit && next_image.distance(distorted) < image.distance(distorted) {
            (point, image, jacobian) = (next, next_image, next_jacobian);
            radius = radius.max(2.0 * step.length());
        } else {
            radius = 0.5 * step.length();
        }
    }
    let converged = image.distance(distorted) <= CONVERGED * scale(distorted);
    (converged && is_proper(&jacobian)).then_some(point)
}
