//! The score by which the best models of the search are compared at last: the consensus, in which matches count for less whose
//! key points contradict the model by their scales and orientations.
//!
//! The neighbourhoods of a right match are similar, by q R(α) with the ratio q of the scales and the difference α of the
//! orientations, and a map between them takes epipolar lines to epipolar lines: `q R(−α) n2 = −n1` for the normals
//! n2 = (F x1)₁₂ and n1 = (Fᵀ x2)₁₂ (Barath and Kukelova, Relative Pose from SIFT Features, ECCV 2022).

use super::{
    coherence::{refine_coherently, serves},
    noise::refine_by_noise,
    schedule::FINAL,
    weights::uses_key_points,
};
use crate::constants::KEEP_FINAL;
use crate::ransac::{Options, Problem};
use crate::{
    cpu::{
        residual::{ModelRows, Sampson, essential_rows},
        search::{
            choose_finalists::Scored, normalize_matches::NormalizedMatches, refine_model::refine_model,
            score_models::Scorer, weigh_by_neighbours::Neighbours, weigh_matches::similarity,
        },
    },
    geometry::ModelKind,
};
use glam::DVec2;
use std::cell::RefCell;

/// A contradiction that halves what a match counts: that of 0.5 rad, or of scales off by a factor of 1.65.
const HALVING: f64 = 0.5;

/// Scores models of one problem.
pub(crate) struct FinalScore<'a> {
    pub(crate) matches: &'a NormalizedMatches,
    pub(crate) scorer: Scorer,
    /// (q cos α, −q sin α) of each match; `None` of one whose scale or orientation is not known.
    similarities: Option<Vec<Option<DVec2>>>,
    /// Whether the winner is refined by what the neighbours of its matches say.
    coherent: bool,
    /// Found when they are first asked for.
    neighbours: RefCell<Option<Neighbours>>,
}

impl<'a> FinalScore<'a> {
    pub(crate) fn new(
        problem: &Problem<'_>,
        options: &Options,
        matches: &'a NormalizedMatches,
        scorer: Scorer,
    ) -> Self {
        let similarities = if uses_key_points(matches.kind, options) { similarities(problem) } else { None };
        let coherent = options.coherent && serves(matches.kind);
        Self { matches, scorer, similarities, coherent, neighbours: RefCell::default() }
    }

    /// Whether it is another score than that of the search.
    pub(crate) const fn is_other(&self) -> bool {
        self.similarities.is_some()
    }

    /// The score of a model.
    pub(crate) fn score(&self, model: &ModelRows) -> f32 {
        let Some(similarities) = &self.similarities else {
            return self.scorer.score(model, self.matches, f32::NEG_INFINITY);
        };
        let matrix = match self.matches.kind {
            ModelKind::Essential => essential_rows(model),
            _ => model.map(|row| [row[0], row[1], row[2]]),
        };
        let gains = self.scorer.gains(model, self.matches);
        let weighted = gains.iter().zip(&self.matches.score_weights).enumerate();
        let counted = weighted.filter(|(_, (gain, _))| **gain > 0.0).map(|(index, (gain, weight))| {
            let agreement = similarities[index].map_or(1.0, |similarity| self.agreement(&matrix, index, similarity));
            weight * gain * agreement as f32
        });
        counted.sum()
    }

    /// How well a match's similarity agrees with an epipolar geometry, 0..=1.
    fn agreement(&self, matrix: &[[f64; 3]; 3], index: usize, similarity: DVec2) -> f64 {
        let [x1, x2] = self.matches.two_view(index);
        let metric = self.matches.metric;
        let [a, b, c, d] = Sampson::new(matrix, &metric, [x1.x, x1.y, x2.x, x2.y]).weighted_lines;
        // the normals of the lines in pixels, up to one factor
        let normal2 = DVec2::new(a / metric[2], b / metric[3]);
        let normal1 = DVec2::new(c / metric[0], d / metric[1]);
        let mapped = similarity.rotate(normal2);
        let product = HALVING * HALVING * mapped.length() * normal1.length();
        // for an angle δ and a logarithm s of the scales between them: 2 cosh s − 2 cos δ ≈ s² + δ²
        let contradiction = (mapped + normal1).length_squared();
        if product > 0.0 { product / (product + contradiction) } else { 0.0 }
    }

    /// Gives models that the search has refined their final scores.
    pub(crate) fn rescore(&self, refined: &mut [Scored]) {
        if self.is_other() {
            refined.iter_mut().for_each(|(model, score)| *score = self.score(model));
        }
    }

    /// A model of the search after all its refinements, which together keep [`KEEP_FINAL`] of its score.
    pub(crate) fn refine_fully(&self, searched: Scored) -> Scored {
        let least = KEEP_FINAL as f32 * searched.1;
        self.refine_last(self.refine_finally(searched, least), least)
    }

    /// The model after its final refinement, where that has at least this score.
    pub(crate) fn refine_finally(&self, model: Scored, least: f32) -> Scored {
        self.unless_below(least, model, refine_model(&model.0, self.matches, &FINAL))
    }

    /// The model after the last refinement, where that has at least this score: a pose by the noise of its inliers, an epipolar
    /// geometry by what the neighbours of each match say, where that is asked for.
    pub(crate) fn refine_last(&self, model: Scored, least: f32) -> Scored {
        let refined = match self.matches.kind {
            ModelKind::Pose => refine_by_noise(&model.0, self.matches, &self.scorer),
            _ => self.coherent.then(|| self.refine_by_neighbours(&model.0)),
        };
        refined.map_or(model, |refined| self.unless_below(least, model, refined))
    }

    fn refine_by_neighbours(&self, model: &ModelRows) -> ModelRows {
        let mut neighbours = self.neighbours.borrow_mut();
        let neighbours = neighbours.get_or_insert_with(|| Neighbours::new(self.matches));
        refine_coherently(model, self.matches, neighbours, &self.scorer)
    }

    fn unless_below(&self, least: f32, model: Scored, refined: ModelRows) -> Scored {
        let score = self.score(&refined);
        if score >= least { (refined, score) } else { model }
    }
}

/// `None` where nothing is known, or the matches are not for an epipolar geometry.
fn similarities(problem: &Problem<'_>) -> Option<Vec<Option<DVec2>>> {
    let ([scales1, scales2], [angles1, angles2]) = (problem.scales_px?, problem.angles_deg?);
    let of = |i: usize| similarity([scales1[i], scales2[i]], [angles1[i], angles2[i]]);
    Some((0..scales1.len()).map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{EpipolarResidual, accuracy::fundamental_of_pose};
    use crate::{Camera, MatchesView, Pose, Score, cpu::search::normalize_matches::rows_of_pose};
    use glam::{DMat3, DVec3};

    const TURN_DEG: f32 = 25.0;

    /// A plane parallel to both images: every neighbourhood turns and grows alike.
    fn score_with(kind: ModelKind, wrong_by_deg: f32, wrong_scale: f32) -> f32 {
        let camera1 = Camera { focal_px: DVec2::splat(800.0), principal_point_px: DVec2::ZERO, skew_px: 0.0 };
        let camera2 = Camera { focal_px: DVec2::splat(600.0), ..camera1 };
        let rotation = DMat3::from_rotation_z(f64::from(TURN_DEG).to_radians());
        let motion = Pose { rotation, translation: DVec3::new(0.5, -0.3, -1.0) };
        let points: Vec<DVec3> =
            (0..40).map(|i| DVec3::new(f64::from(i % 8) - 3.7, f64::from(i / 8) - 2.2, 4.0)).collect();
        let image = |camera: &Camera, point: DVec3| camera.project(point.truncate() / point.z);
        let points1_px: Vec<DVec2> = points.iter().map(|&p| image(&camera1, p)).collect();
        let points2_px: Vec<DVec2> = points.iter().map(|&p| image(&camera2, motion.transform(p))).collect();
        let motion = Pose { translation: motion.translation.normalize(), ..motion };
        let matches = match kind {
            ModelKind::Essential => {
                MatchesView::Essential { points1_px: &points1_px, points2_px: &points2_px, camera1, camera2 }
            }
            _ => MatchesView::Fundamental { points1_px: &points1_px, points2_px: &points2_px },
        };
        let scales = [6.0, wrong_scale * 6.0 * (4.0 / 3.0) * (600.0 / 800.0)].map(|scale| vec![scale; 40]);
        let angles = [340.0, 340.0 + TURN_DEG + wrong_by_deg - 360.0].map(|angle| vec![angle; 40]);
        let problem = Problem {
            scales_px: Some(scales.each_ref().map(Vec::as_slice)),
            angles_deg: Some(angles.each_ref().map(Vec::as_slice)),
            ..Problem::new(matches)
        };
        let normalized = NormalizedMatches::new(&matches, 1.0, None, None);
        let model = match kind {
            ModelKind::Essential => rows_of_pose(&motion),
            _ => normalized.normalize_fundamental(&fundamental_of_pose(&motion, &[camera1, camera2])),
        };
        let scorer = Scorer::new(kind, Score::Ransac, EpipolarResidual::Sampson);
        FinalScore::new(&problem, &Options::default(), &normalized, scorer).score(&model)
    }

    #[test]
    fn matches_count_for_less_the_more_their_key_points_contradict() {
        for kind in [ModelKind::Essential, ModelKind::Fundamental] {
            let score = |wrong_by_deg, wrong_scale| score_with(kind, wrong_by_deg, wrong_scale);
            assert!((score(0.0, 1.0) - 40.0).abs() < 1e-2, "{kind:?} {}", score(0.0, 1.0));
            let half = (HALVING as f32).to_degrees();
            for score in [score(half, 1.0), score(-half, 1.0), score(0.0, 0.5_f32.exp()), score(0.0, (-0.5_f32).exp())]
            {
                assert!((score - 20.0).abs() < 0.5, "{kind:?} {score}");
            }
            assert!(score(180.0, 1.0) < 3.0);
        }
    }

    #[test]
    fn where_nothing_is_known_a_match_counts_in_full() {
        assert!((score_with(ModelKind::Essential, 100.0, 0.0) - 40.0).abs() < 1e-6);
    }
}
