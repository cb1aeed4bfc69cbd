//! Distortions along the radius whose inverse has a closed form.

use super::lens::with_length;
use glam::DVec2;
use std::f64::consts::FRAC_PI_2;

/// The distorted length of a length.
pub(super) fn field_of_view(r: f64, omega: f64) -> f64 {
    (2.0 * r * (omega / 2.0).tan()).atan() / omega
}

/// `None` from where rays are sideways.
pub(super) fn undo_field_of_view(distorted: DVec2, omega: f64) -> Option<DVec2> {
    let undo = |r: f64| (r * omega).tan() / (2.0 * (omega / 2.0).tan());
    (distorted.length() * omega.abs() < FRAC_PI_2).then(|| with_length(distorted, undo))
}

/// The root of `k r r'² − r' + r = 0` that is r for k = 0; `None` where there is no real one.
pub(super) fn division(point: DVec2, k: f64) -> Option<DVec2> {
    let discriminant = 1.0 - 4.0 * k * point.length_squared();
    (discriminant > 0.0).then(|| point * (2.0 / (1.0 + discriminant.sqrt())))
}

/// `None` where rays are sideways (k < 0), or a shorter length has the same ray (k > 0).
pub(super) fn undo_division(distorted: DVec2, k: f64) -> Option<DVec2> {
    let bend = k * distorted.length_squared();
    (bend.abs() < 1.0).then(|| distorted / (1.0 + bend))
}
