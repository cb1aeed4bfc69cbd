use super::objectives::initialisation::MatchTruth;
use crate::cpu::residual::{ModelRows, Sampson};
use crate::cpu::search::normalize_matches::{NormalizedMatches, rows_of_matrix, rows_of_pose};
use crate::data::PairRecord;
use crate::geometry::accuracy::fundamental_of_pose;
use crate::geometry::{Camera, Matches, Model, ModelKind, Pose};
use crate::network::{Features, NetworkConfig};
use crate::{Backend, Error, Estimator, Options, Result};
use glam::DVec2;

/// Inlier threshold of the losses.
const THRESHOLD_PX: f64 = 1.0;

/// An image pair to learn from: what the network sees, and the truth.
#[derive(Clone, Debug)]
pub struct Example {
    /// What the network sees.
    pub features: Features,
    /// The truth about each match.
    pub truth: MatchTruth,
    /// The true motion camera2_from_camera1.
    pub motion: Pose,
    /// The cameras.
    pub cameras: [Camera; 2],
    /// The matches as solvers see them, with an inlier threshold of a pixel.
    pub normalized: NormalizedMatches,
    /// The true model of these.
    pub true_model: ModelRows,
    /// The pair.
    pub record: PairRecord,
}

impl Example {
    /// Of a pair with its true motion and both cameras.
    ///
    /// # Errors
    /// [`Error::MissingInput`] when one of these is missing; otherwise those of [`Features::new`].
    pub fn new(record: PairRecord, config: &NetworkConfig) -> Result<Self> {
        let missing = |missing| Error::MissingInput { option: "training", missing };
        let motion = record.truth.ok_or_else(|| missing("the true motion"))?;
        let Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) } = &record.matches else {
            return Err(missing("two views with their cameras"));
        };
        let cameras = *cameras;
        let fundamental = fundamental_of_pose(&motion, &cameras);
        let matrix = rows_of_matrix(&fundamental).map(|[a, b, c, _]| [a, b, c]);
        let residual_sq_px = points1_px.iter().zip(points2_px).map(|(&p1, &p2)| sampson_sq_px(&matrix, p1, p2));
        let truth = MatchTruth {
            residual_sq_px: residual_sq_px.collect(),
            is_inlier: record.right_matches().ok_or_else(|| missing("the true motion"))?,
        };
        let features = Features::new(&record.rank_input(config.model)?, config)?;
        let normalized = NormalizedMatches::new(&record.matches.view(config.model)?, THRESHOLD_PX, None, None);
        let true_model = true_model(&motion, &cameras, &normalized);
        Ok(Self { features, truth, motion, cameras, normalized, true_model, record })
    }

    /// The estimator's best model, without looking at the truth; zeros where it finds none.
    pub(super) fn consensus(&self, kind: ModelKind) -> ModelRows {
        let options = Options { backend: Backend::Cpu, diagnose: false, ..Options::default() };
        let estimate = || -> Result<Option<Model>> {
            let outcome = Estimator::new(options)?.estimate(&self.record.problem(kind, 0)?)?;
            Ok(outcome.estimate.map(|estimate| estimate.model))
        };
        match estimate() {
            Ok(Some(Model::Essential(motion))) => rows_of_pose(&motion),
            Ok(Some(Model::Fundamental(matrix))) => self.normalized.normalize_fundamental(&matrix),
            _ => ModelRows::default(),
        }
    }
}

fn true_model(motion: &Pose, cameras: &[Camera; 2], normalized: &NormalizedMatches) -> ModelRows {
    if normalized.kind == ModelKind::Essential {
        return rows_of_pose(&Pose { translation: motion.translation.normalize_or_zero(), ..*motion });
    }
    normalized.normalize_fundamental(&fundamental_of_pose(motion, cameras))
}

/// The squared Sampson distance, pixels²; of a match at an epipole that of a match far away.
fn sampson_sq_px(fundamental: &[[f64; 3]; 3], point1_px: DVec2, point2_px: DVec2) -> f32 {
    let sampson = Sampson::new(fundamental, &[1.0; 4], [point1_px.x, point1_px.y, point2_px.x, point2_px.y]);
    let distance_sq = sampson.algebraic.powi(2) / (sampson.norms_sq[0] + sampson.norms_sq[1]);
    if distance_sq.is_nan() { f32::MAX } else { distance_sq as f32 }
}
