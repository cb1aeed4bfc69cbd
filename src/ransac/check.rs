//! What is wrong with a problem, before anything is computed from it.

use super::{Problem, options::check_threshold};
use crate::{
    Error, Result,
    algebra::matrix3::unit_frobenius,
    cpu::search::place_prior::is_near_rotation,
    geometry::{Bulk, MatchesView, Model, ModelKind},
};
use glam::{DVec2, DVec3};

/// Points whose distance from a line is below this share of that along it lie on the line.
const THIN: f64 = 1e-7;
/// Points whose distance is below this share of their coordinates are equal.
const EQUAL: f64 = 1e-12;
/// Coordinates whose squares stay finite.
const FARTHEST: f64 = 1e120;

/// The first thing wrong with the problem.
pub(crate) fn check(problem: &Problem<'_>) -> Result<()> {
    let view = &problem.matches;
    let [count, found] = view.lengths();
    let same_length =
        |what, found| if found == count { Ok(()) } else { Err(Error::LengthMismatch { what, expected: count, found }) };
    same_length("points of the second side", found)?;
    let (kind, needed) = (view.kind(), view.kind().sample_size());
    if count < needed {
        return Err(Error::TooFewMatches { model: kind.name(), needed, found: count });
    }
    if let Some(ratios) = problem.ratios {
        same_length("ratios", ratios.len())?;
        finite("SNN ratio", ratios.iter().map(|&r| f64::from(r)))?;
    }
    if let Some(weights) = problem.weights {
        same_length("weights", weights.len())?;
        check_weights(weights, needed)?;
    }
    for (what, columns) in [("key-point scale", problem.scales_px), ("key-point angle", problem.angles_deg)] {
        for column in columns.iter().flatten() {
            same_length(what, column.len())?;
            finite(what, column.iter().map(|&value| f64::from(value)))?;
        }
    }
    for scales in problem.scales_px.iter().flatten() {
        if let Some((index, &value)) = scales.iter().enumerate().find(|(_, scale)| **scale < 0.0) {
            return Err(Error::NegativeScale { what: "key-point scale", index, value });
        }
    }
    problem.threshold_px.map_or(Ok(()), check_threshold)?;
    problem.prior.map_or(Ok(()), |prior| check_prior(kind, &prior))?;
    check_points(view)
}

fn check_weights(weights: &[f32], needed: usize) -> Result<()> {
    finite("weight", weights.iter().map(|&w| f64::from(w)))?;
    if let Some((index, weight)) = weights.iter().enumerate().find(|(_, w)| **w < 0.0) {
        return Err(Error::BadWeights { needed, found: format!("weight {index} is {weight}") });
    }
    let positive = weights.iter().filter(|&&w| w > 0.0).count();
    if positive < needed {
        return Err(Error::BadWeights { needed, found: format!("{positive} of {} are", weights.len()) });
    }
    Ok(())
}

fn check_prior(kind: ModelKind, prior: &Model) -> Result<()> {
    let bad = |expected, found| Err(Error::BadPrior { model: kind.name(), expected, found });
    if prior.kind() != kind {
        return bad("a model of the kind that the matches are for", prior.kind().name().to_owned());
    }
    match prior {
        Model::Fundamental(matrix) | Model::Homography(matrix) if unit_frobenius(matrix).is_none() => {
            bad("a finite matrix other than 0", matrix.to_string())
        }
        Model::Essential(pose) | Model::Pose(pose) | Model::Rigid(pose) if !pose.translation.is_finite() => {
            bad("a finite translation", pose.translation.to_string())
        }
        Model::Essential(pose) if pose.translation == DVec3::ZERO => bad("a translation other than 0", "0".to_owned()),
        Model::Essential(pose) | Model::Pose(pose) | Model::Rigid(pose) if !is_near_rotation(&pose.rotation) => {
            bad("a rotation matrix", pose.rotation.to_string())
        }
        _ => Ok(()),
    }
}

fn check_points(view: &MatchesView<'_>) -> Result<()> {
    let model = view.kind().name();
    let image = |what, points: &[DVec2]| spread(what, model, &points.iter().map(|p| p.extend(0.0)).collect::<Vec<_>>());
    let space = |what, points: &[DVec3]| spread(what, model, points);
    match view {
        MatchesView::Essential { points1_px, points2_px, camera1, camera2 } => {
            camera1.check("camera 1")?;
            camera2.check("camera 2")?;
            image("points in image 1", points1_px)?;
            image("points in image 2", points2_px)
        }
        MatchesView::Fundamental { points1_px, points2_px } | MatchesView::Homography { points1_px, points2_px } => {
            image("points in image 1", points1_px)?;
            image("points in image 2", points2_px)
        }
        MatchesView::Pose { points_px, points_world, camera } => {
            camera.check("camera")?;
            image("points in the image", points_px)?;
            space("points in the world", points_world)
        }
        MatchesView::Rigid { points1, points2 } => {
            space("points of frame 1", points1)?;
            space("points of frame 2", points2)
        }
    }
}

fn finite(what: &'static str, values: impl Iterator<Item = f64>) -> Result<()> {
    match values.enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(Error::NotFinite { what, index, value }),
        None => Ok(()),
    }
}

/// Whether the points are finite and neither all equal nor all on one line.
fn spread(what: &'static str, model: &'static str, points: &[DVec3]) -> Result<()> {
    let bad = |p: &DVec3| p.to_array().into_iter().find(|x| !x.is_finite());
    if let Some((index, value)) = points.iter().enumerate().find_map(|(i, p)| Some((i, bad(p)?))) {
        return Err(Error::NotFinite { what, index, value });
    }
    // from a point in the midst of the others: what one far away says of them is lost in rounding
    let bulk = Bulk::of(points.len(), |i| points[i]);
    let degenerate = |locus| Err(Error::DegenerateMatches { what, locus, model });
    let Some(base) = nearest(points, bulk.centre) else { return Ok(()) };
    let from_base = |p: &DVec3| drawn_in(*p - base);
    let along = points.iter().map(from_base).fold((DVec3::ZERO, 0.0), farther).0;
    if along.length() <= EQUAL * base.length().max(f64::MIN_POSITIVE) {
        return degenerate("point");
    }
    let direction = along.normalize();
    let size = bulk.bounds(points.iter().copied()).size();
    let is_off = |p: &DVec3| {
        let from_base = from_base(p);
        from_base.reject_from_normalized(direction).length() > THIN * from_base.length().max(size)
    };
    if points.iter().any(is_off) { Ok(()) } else { degenerate("line") }
}

/// The first of the points that are nearest to a centre, along the axis in which they are farthest from it.
fn nearest(points: &[DVec3], centre: DVec3) -> Option<DVec3> {
    let (mut nearest, mut least) = (*points.first()?, f64::INFINITY);
    for &point in points {
        let distance = (point - centre).abs().max_element();
        if distance < least {
            (nearest, least) = (point, distance);
        }
    }
    Some(nearest)
}

/// The vector, shortened where its square would not stay finite.
fn drawn_in(v: DVec3) -> DVec3 {
    let longest = v.abs().max_element();
    if longest > FARTHEST { v * (FARTHEST / longest) } else { v }
}

/// The longer of two vectors, with its squared length.
fn farther(longest: (DVec3, f64), next: DVec3) -> (DVec3, f64) {
    let length_sq = next.length_squared();
    if length_sq > longest.1 { (next, length_sq) } else { longest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Camera, Pose};
    use glam::DMat3;

    fn points(seed: f64) -> Vec<DVec2> {
        (0..20).map(|i| DVec2::new((f64::from(i) * seed).sin(), (f64::from(i) * 1.7 * seed).cos()) * 300.0).collect()
    }

    fn of(points1: &[DVec2], points2: &[DVec2]) -> Result<()> {
        check(&Problem::new(MatchesView::Fundamental { points1_px: points1, points2_px: points2 }))
    }

    #[test]
    fn good_points_pass_and_each_fault_has_its_error() {
        let (good, other) = (points(1.0), points(2.0));
        assert!(of(&good, &other).is_ok());
        assert!(matches!(of(&good, &other[1..]), Err(Error::LengthMismatch { expected: 20, found: 19, .. })));
        assert!(matches!(of(&good[..6], &other[..6]), Err(Error::TooFewMatches { needed: 7, found: 6, .. })));
        let mut nan = good.clone();
        nan[3].y = f64::NAN;
        assert!(matches!(of(&good, &nan), Err(Error::NotFinite { index: 3, .. })));
        let equal = vec![DVec2::new(5.0, 6.0); 20];
        assert!(matches!(of(&equal, &good), Err(Error::DegenerateMatches { locus: "point", .. })));
        let line: Vec<DVec2> = (0..20).map(|i| DVec2::new(3.0, 4.0) + f64::from(i) * DVec2::new(1.0, 0.3)).collect();
        assert!(matches!(of(&good, &line), Err(Error::DegenerateMatches { locus: "line", .. })));
    }

    #[test]
    fn one_absurd_point_neither_makes_a_line_nor_hides_one() {
        let other = points(2.0);
        for far in [1e6, 1e9, 1e12, 1e100, 1e300] {
            for index in [0, 7, 19] {
                let mut good = points(1.0);
                good[index] = DVec2::new(far, -0.3 * far);
                assert!(of(&good, &other).is_ok(), "{far} at {index}");
                let mut line: Vec<DVec2> =
                    (0..20).map(|i| DVec2::new(3.0, 4.0) + f64::from(i) * DVec2::new(1.0, 0.3)).collect();
                line[index] = DVec2::new(3.0, 4.0) + far * DVec2::new(1.0, 0.3);
                assert!(
                    matches!(of(&other, &line), Err(Error::DegenerateMatches { locus: "line", .. })),
                    "{far} at {index}"
                );
            }
        }
        // a table of half a metre in earth-centred coordinates is no point
        let table: Vec<DVec2> = other.iter().map(|&p| DVec2::new(4.2e6, 4.8e6) + p / 600.0).collect();
        assert!(of(&table, &other).is_ok());
    }

    #[test]
    fn weights_ratios_thresholds_and_cameras_are_checked() {
        let (a, b) = (points(1.0), points(2.0));
        let plain = Problem::new(MatchesView::Fundamental { points1_px: &a, points2_px: &b });
        let weighed = |weights: &[f32]| check(&Problem { weights: Some(weights), ..plain });
        assert!(matches!(weighed(&[0.0; 20]), Err(Error::BadWeights { .. })));
        assert!(matches!(weighed(&[-1.0; 20]), Err(Error::BadWeights { .. })));
        assert!(matches!(weighed(&[f32::NAN; 20]), Err(Error::NotFinite { .. })));
        assert!(matches!(weighed(&[1.0; 19]), Err(Error::LengthMismatch { .. })));
        assert!(matches!(check(&Problem { ratios: Some(&[0.5; 3]), ..plain }), Err(Error::LengthMismatch { .. })));
        let columns = |first: &[f32], second: &[f32]| {
            let scales_px = check(&Problem { scales_px: Some([first, second]), ..plain });
            [scales_px, check(&Problem { angles_deg: Some([first, second]), ..plain })]
        };
        assert!(columns(&[0.0; 20], &[3.0; 20]).iter().all(Result::is_ok));
        let short = columns(&[1.0; 20], &[1.0; 19]);
        assert!(short.iter().all(|found| matches!(found, Err(Error::LengthMismatch { found: 19, .. }))));
        let nan = columns(&[f32::NAN; 20], &[1.0; 20]);
        assert!(nan.iter().all(|found| matches!(found, Err(Error::NotFinite { index: 0, .. }))));
        assert!(matches!(columns(&[1.0; 20], &[-1.0; 20]), [Err(Error::NegativeScale { index: 0, .. }), Ok(())]));
        assert!(matches!(check(&Problem { threshold_px: Some(0.0), ..plain }), Err(Error::BadOption { .. })));
        let camera = Camera { focal_px: DVec2::new(0.0, 1.0), principal_point_px: DVec2::ZERO, skew_px: 0.0 };
        let view = MatchesView::Essential { points1_px: &a, points2_px: &b, camera1: camera, camera2: camera };
        assert!(matches!(check(&Problem::new(view)), Err(Error::SingularCamera { which: "camera 1", .. })));
    }

    #[test]
    fn a_prior_that_is_no_model_of_the_matches_is_refused() {
        let (a, b) = (points(1.0), points(2.0));
        let camera = Camera { focal_px: DVec2::ONE, principal_point_px: DVec2::ZERO, skew_px: 0.0 };
        let motion = MatchesView::Essential { points1_px: &a, points2_px: &b, camera1: camera, camera2: camera };
        let plane = MatchesView::Homography { points1_px: &a, points2_px: &b };
        let with = |matches, prior| check(&Problem { prior: Some(prior), ..Problem::new(matches) });
        let pose = Pose { translation: DVec3::X, ..Pose::IDENTITY };
        assert!(with(motion, Model::Essential(pose)).is_ok());
        assert!(with(plane, Model::Homography(DMat3::IDENTITY)).is_ok());
        let mirror = DMat3::from_diagonal(DVec3::new(1.0, 1.0, -1.0));
        for (matches, prior) in [
            (motion, Model::Pose(pose)),
            (motion, Model::Essential(Pose::IDENTITY)),
            (motion, Model::Essential(Pose { translation: DVec3::NAN, ..pose })),
            (motion, Model::Essential(Pose { rotation: mirror, ..pose })),
            (motion, Model::Essential(Pose { rotation: DMat3::NAN, ..pose })),
            (plane, Model::Fundamental(DMat3::IDENTITY)),
            (plane, Model::Homography(DMat3::ZERO)),
            (plane, Model::Homography(DMat3::IDENTITY * f64::INFINITY)),
        ] {
            assert!(matches!(with(matches, prior), Err(Error::BadPrior { .. })), "{prior:?}");
        }
    }
}
