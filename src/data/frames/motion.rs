//! Motions by 4×4 matrices, as files have them.

use super::of_file;
use crate::Result;
use crate::algebra::svd3::Svd3;
use crate::data::formats::array::Message;
use crate::data::formats::camera::rows_text;
use crate::data::read_bytes;
use crate::geometry::Pose;
use crate::geometry::accuracy::rotation_error_deg;
use glam::{DMat3, DVec3};
use std::path::Path;

/// Further from orthonormal than this, by the largest entry of `R Rᵀ − I`, a matrix is no rotation that was rounded.
const MAX_DEFECT: f64 = 0.05;
/// The motion between two cameras of a rig may differ by this between frames.
const SAME_M: f64 = 0.01;
const SAME_DEG: f64 = 0.5;

/// Reads a text file of a 4×4 matrix, row by row, parted by blanks: as `color_from_depth`. The rotation is made orthonormal.
///
/// # Errors
/// [`Error::File`](crate::Error::File): it cannot be read, or is not a matrix of a rotation and a translation.
pub fn read_motion(path: &Path) -> Result<Pose> {
    let known = read_known(path)?;
    of_file(path, known.ok_or_else(|| "expected finite numbers and a rotation, but there is none".to_owned()))
}

/// As [`read_motion`]; `None` where the matrix says that the motion is not known.
pub(super) fn read_known(path: &Path) -> Result<Option<Pose>> {
    let bytes = read_bytes(path)?;
    let text = of_file(path, str::from_utf8(&bytes).map_err(|error| format!("expected text in UTF-8: {error}")))?;
    let number = |word: &str| word.parse().map_err(|_| format!("expected numbers, but one is {word:?}"));
    let rows = text.lines().filter(|line| !line.trim().is_empty());
    let rows = rows.map(|line| line.split_ascii_whitespace().map(number).collect()).collect::<Message<Vec<Vec<f64>>>>();
    of_file(path, rows.and_then(|rows| known_motion(&rows)))
}

/// The motion of the rows of a 4×4 matrix; `None` where it says that it is not known, by numbers that are not finite or zeros in place of the
/// rotation.
pub(super) fn known_motion(rows: &[Vec<f64>]) -> Message<Option<Pose>> {
    let shape: Vec<usize> = rows.iter().map(Vec::len).collect();
    let [x, y, z, last] = rows else { return Err(not_4x4(&shape)) };
    let [Some(x), Some(y), Some(z), Some(last)] = [x, y, z, last].map(|row| <[f64; 4]>::try_from(&row[..]).ok()) else {
        return Err(not_4x4(&shape));
    };
    let row = |[x, y, z, _]: [f64; 4]| DVec3::new(x, y, z);
    let near = DMat3::from_cols(row(x), row(y), row(z)).transpose();
    let translation = DVec3::new(x[3], y[3], z[3]);
    if !near.is_finite() || !translation.is_finite() || near == DMat3::ZERO {
        return Ok(None);
    }
    if last.iter().zip([0.0, 0.0, 0.0, 1.0]).any(|(found, expected)| (found - expected).abs() > 1e-6) {
        return Err(format!("expected 0 0 0 1 for the last row of a 4x4 matrix, but it is {last:?}"));
    }
    Ok(Some(Pose { rotation: orthonormal(&near)?, translation }))
}

fn not_4x4(shape: &[usize]) -> String {
    format!("expected 4 rows of 4 numbers, but there are rows of {shape:?}")
}

/// The rotation next to a matrix that is nearly one.
fn orthonormal(near: &DMat3) -> Message<DMat3> {
    let off = *near * near.transpose() - DMat3::IDENTITY;
    let defect = off.to_cols_array().into_iter().map(f64::abs).fold(0.0, f64::max);
    if defect > MAX_DEFECT || near.determinant() < 0.0 {
        return Err(format!("expected a rotation, but its rows are {}", rows_text(near)));
    }
    Ok(Svd3::new(near).closest_rotation())
}

/// The mean of motions that should be one and the same; `None` where there are none.
pub(super) fn constant_motion(motions: &[(&str, Pose)]) -> Message<Option<Pose>> {
    if motions.is_empty() {
        return Ok(None);
    }
    let (mut rotation, mut translation) = (DMat3::ZERO, DVec3::ZERO);
    for (_, motion) in motions {
        rotation += motion.rotation;
        translation += motion.translation / motions.len() as f64;
    }
    let mean = Pose { rotation: Svd3::new(&rotation).closest_rotation(), translation };
    for (name, motion) in motions {
        let metres = motion.translation.distance(mean.translation);
        let degrees = rotation_error_deg(&motion.rotation, &mean.rotation);
        if metres > SAME_M || degrees > SAME_DEG {
            return Err(format!(
                "expected the colour camera at the same place from the depth camera in each frame, but in {name} it is {metres:.3} m and {degrees:.2} degrees off the mean"
            ));
        }
    }
    Ok(Some(mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_rotation_is_told_and_what_is_nearly_one_becomes_one() {
        let rows = |scale: f64| {
            vec![
                vec![0.0, -scale, 0.0, 1.0],
                vec![1.0, 0.0, 0.0, 2.0],
                vec![0.0, 0.0, 1.0, 3.0],
                vec![0.0, 0.0, 0.0, 1.0],
            ]
        };
        let pose = known_motion(&rows(1.001)).unwrap().unwrap();
        assert!((pose.rotation * pose.rotation.transpose()).abs_diff_eq(DMat3::IDENTITY, 1e-14));
        assert!(pose.transform(DVec3::X).abs_diff_eq(DVec3::new(1.0, 3.0, 3.0), 1e-14));
        for scale in [1.1, -1.0] {
            assert!(known_motion(&rows(scale)).unwrap_err().contains("expected a rotation"));
        }
        assert_eq!(known_motion(&rows(f64::INFINITY)).unwrap(), None);
        assert_eq!(known_motion(&vec![vec![0.0; 4]; 4]).unwrap(), None);
        assert!(known_motion(&rows(1.0)[..3]).unwrap_err().contains("4 rows of 4 numbers"));
        assert!(known_motion(&vec![vec![1.0; 3]; 4]).unwrap_err().contains("[3, 3, 3, 3]"));
        let mut transposed = rows(1.0);
        transposed[3][0] = 2.0;
        assert!(known_motion(&transposed).unwrap_err().contains("last row"));
    }

    #[test]
    fn motions_that_differ_are_told() {
        let motion = |x: f64| Pose { translation: DVec3::X * x, ..Pose::IDENTITY };
        assert_eq!(constant_motion(&[]).unwrap(), None);
        let mean = constant_motion(&[("a", motion(0.0)), ("b", motion(0.01))]).unwrap().unwrap();
        assert!(mean.translation.abs_diff_eq(DVec3::X * 0.005, 1e-15) && mean.rotation == DMat3::IDENTITY);
        let message = constant_motion(&[("a", motion(0.0)), ("b", motion(0.03))]).unwrap_err();
        assert!(message.contains("0.015 m"), "{message}");
    }
}
