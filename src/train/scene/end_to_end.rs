//! The expected pose loss of a map's photographs: differentiable RANSAC end to end.

use super::view::row_of;
use super::{SceneNetwork, View};
use crate::constants::DOUBTFUL_SHARE;
use crate::cpu::search::normalize_matches::pose_of;
use crate::geometry::accuracy::{position_error, rotation_error_deg};
use crate::localise::MapConfig;
use crate::train::networks::parameters::read;
use crate::train::ops::model_rows;
use crate::train::ops::{
    Drawing, Packing, Refining, Selection, SoftInliers, average_poses, draw_hypotheses, pose_loss, refine_poses,
    select_hypotheses, sharpness_for_entropy, soft_inlier_scores,
};
use crate::{Error, ModelKind, Result};
use burn::tensor::{Device, Tensor, TensorData};
use glam::DVec3;

/// How a pose is selected of the hypotheses, in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum PoseSelection {
    /// One is drawn by the softmax of the scores; its loss is expected (DSAC).
    #[default]
    Probabilistic,
    /// The loss is that of the mean pose under the softmax of the scores (SoftAM).
    SoftArgmax,
}

/// The end-to-end stage.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndToEndPose {
    /// How a pose is selected.
    pub selection: PoseSelection,
    /// Hypotheses a photograph.
    pub hypotheses: usize,
    /// Samples that a hypothesis may try.
    pub tries: u32,
    /// Inlier threshold, pixels at the map's height.
    pub threshold_px: f64,
    /// How inliers are counted softly.
    pub soft_inliers: SoftInliers,
    /// The entropy that the selection is brought to, bits.
    pub entropy_bits: f64,
    /// What an error of the camera's position as large as the scene's extent counts in degrees.
    pub degrees_an_extent: f64,
    /// Losses beyond this, degrees, count by the square root.
    pub clamp_deg: f64,
}

impl Default for EndToEndPose {
    fn default() -> Self {
        Self {
            selection: PoseSelection::default(),
            hypotheses: 64,
            tries: 64,
            threshold_px: 5.0,
            soft_inliers: SoftInliers::default(),
            entropy_bits: 4.0,
            degrees_an_extent: 130.0,
            clamp_deg: 100.0,
        }
    }
}

/// What a step saw.
#[derive(Clone, Debug)]
pub(super) struct PoseStep {
    /// The expected loss, degrees, \[1\].
    pub(super) loss: Tensor<1>,
    /// Mean entropy of the selection, bits.
    pub(super) entropy_bits: f64,
    /// Photographs without any hypothesis.
    pub(super) lost: usize,
    /// As [`PoseReport::best_errors`](super::PoseReport::best_errors).
    pub(super) best_errors: [f64; 2],
}

impl EndToEndPose {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::BadOption`] with the first value out of range.
    pub fn check(&self) -> Result<()> {
        let counts = [("hypotheses", self.hypotheses), ("tries", self.tries as usize)];
        if let Some((name, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(Error::BadOption { name, expected: "at least 1", found: "0".to_owned() });
        }
        let lengths = [
            ("threshold_px", self.threshold_px),
            ("entropy_bits", self.entropy_bits),
            ("degrees_an_extent", self.degrees_an_extent),
            ("clamp_deg", self.clamp_deg),
        ];
        match lengths.into_iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            Some((name, value)) => {
                Err(Error::BadOption { name, expected: "a number above 0", found: value.to_string() })
            }
            None => Ok(()),
        }
    }

    /// The loss of these photographs.
    pub(super) fn step(
        &self,
        network: &SceneNetwork,
        views: &[View],
        scene: &MapConfig,
        [seed, step]: [u64; 2],
        device: &Device,
    ) -> Result<PoseStep> {
        let origin = DVec3::from_array(scene.origin);
        let flat = |of: &dyn Fn(&View) -> Vec<f32>, width: usize| {
            let values: Vec<f32> = views.iter().flat_map(of).collect();
            let rows = values.len() / width;
            Tensor::<2>::from_data(TensorData::new(values, [rows, width]), device)
        };
        let recalled = views.iter().map(|view| view.recalled(network, device)).collect::<Result<Vec<_>>>()?;
        let recalled = Tensor::cat(recalled, 0);
        let rays = flat(&|view| view.rays.as_flattened().to_vec(), 2);
        let truth = flat(&|view| row_of(&view.camera_from_origin(origin)).to_vec(), 12);
        let cells = recalled.dims()[0];
        let spreads = recalled.clone().narrow(1, 3, 1).detach().reshape([cells]);
        let rows = Tensor::cat(vec![recalled.narrow(1, 0, 3), rays], 1);
        let counts: Vec<usize> = views.iter().map(|view| view.rays.len()).collect();
        let threshold = |view: &View| {
            let of_axis = (self.threshold_px / view.focal_px).as_vec2();
            [1.0, 1.0, of_axis.x, of_axis.y]
        };
        let thresholds: Vec<[f32; 4]> = views.iter().map(threshold).collect();
        let packing = Packing::new(&counts, &thresholds)?;

        let weights = ((spreads / (DOUBTFUL_SHARE * scene.extent)).square() + 1.0).recip();
        let drawing =
            Drawing { hypotheses: self.hypotheses, tries: self.tries, seed, step: step as u32, first_pair: 0 };
        let drawn = draw_hypotheses(ModelKind::Pose, rows.clone(), Some(weights), &packing, &drawing)?;
        let scores =
            soft_inlier_scores(ModelKind::Pose, drawn.models.clone(), rows.clone(), &packing, &self.soft_inliers)?;
        let sharpness = sharpness_for_entropy(scores.clone(), drawn.valid.clone(), &packing, self.entropy_bits)?;
        let selection = select_hypotheses(scores, drawn.valid.clone(), &packing, sharpness)?;
        let refined = refine_poses(ModelKind::Pose, drawn.models, rows, &packing, &Refining::default())?;
        let best_errors = best_errors(&selection, &refined.models, views, origin)?;
        let degrees_a_unit = self.degrees_an_extent / scene.extent;
        let loss = self.loss(&selection, refined.models, truth, degrees_a_unit, &packing)?;
        let mean = |tensor: Tensor<1>| f64::from(tensor.detach().mean().into_scalar::<f32>());
        let choices: Vec<f32> = selection.choices.clone().into_data().iter::<f32>().collect();
        let lost = choices.iter().filter(|&&choices| choices < 0.5).count();
        Ok(PoseStep { loss, entropy_bits: mean(selection.entropy_bits), lost, best_errors })
    }

    fn loss(
        &self,
        selection: &Selection,
        models: Tensor<2>,
        truth: Tensor<2>,
        degrees_a_unit: f64,
        packing: &Packing,
    ) -> Result<Tensor<1>> {
        match self.selection {
            PoseSelection::Probabilistic => {
                let losses = self.pose_losses(models, truth, degrees_a_unit)?;
                Ok(selection.expected_loss(losses)?.mean())
            }
            PoseSelection::SoftArgmax => {
                let rows = models.dims()[0];
                let average = average_poses(models, selection.probabilities.clone().reshape([rows]), packing)?;
                let losses = self.pose_losses(average.models, truth, degrees_a_unit)?;
                Ok((losses * average.valid).mean())
            }
        }
    }

    /// The angle, degrees, and the distance of the centres at its rate, of poses \[B, 12\], with B a multiple of the photographs.
    fn pose_losses(&self, models: Tensor<2>, truth: Tensor<2>, degrees_a_unit: f64) -> Result<Tensor<1>> {
        let ([rows, _], [pairs, _]) = (models.dims(), truth.dims());
        let each = rows / pairs.max(1);
        let truth_of_rows = truth.clone().reshape([pairs, 1, 12]).expand([pairs, each, 12]).reshape([rows, 12]);
        let [centre, true_centre] = [models.clone(), truth_of_rows.clone()].map(centres);
        let distance = ((centre - true_centre).square().sum_dim(1) + TINY).sqrt().reshape([rows]);
        // with the true translation what is left is half the angle
        let [m, t] = [models, truth_of_rows].map(|poses| poses.reshape([rows, 3, 4]));
        let turned = Tensor::cat(vec![m.narrow(2, 0, 3), t.narrow(2, 3, 1)], 2).reshape([rows, 12]);
        let angle_deg = pose_loss(ModelKind::Pose, turned, truth)? * (2.0 * DEGREES);
        let loss = angle_deg + distance * degrees_a_unit;
        // √(c l) beyond c, as DSAC* has it
        let far = loss.clone().greater_elem(self.clamp_deg);
        let beyond = (loss.clone().clamp_min(self.clamp_deg) * self.clamp_deg).sqrt();
        Ok(loss.mask_where(far, beyond))
    }
}

/// Mean distance of the centres and angle, degrees, of the refined hypotheses of the highest score.
fn best_errors(selection: &Selection, models: &Tensor<2>, views: &[View], origin: DVec3) -> Result<[f64; 2]> {
    let (probabilities, models) = (read(selection.probabilities.clone().detach())?, read(models.clone().detach())?);
    let each = probabilities.len() / views.len().max(1);
    let mut errors = Vec::new();
    for (view, (probabilities, models)) in views.iter().zip(probabilities.chunks(each).zip(models.chunks(12 * each))) {
        let best = (0..each).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
        if let Some(best) = best.filter(|&best| probabilities[best] > 0.0) {
            let pose = pose_of(&model_rows(&models[12 * best..]));
            let truth = view.camera_from_origin(origin);
            let angle = rotation_error_deg(&pose.rotation, &truth.rotation);
            errors.push([position_error(&pose, &truth), angle]);
        }
    }
    let count = errors.len() as f64;
    Ok([0, 1].map(|k| errors.iter().map(|error| error[k]).sum::<f64>() / count))
}

const DEGREES: f64 = 180.0 / std::f64::consts::PI;
/// What keeps the root of a distance of 0 from having no gradient.
const TINY: f64 = 1e-12;

/// −Rᵀ t of rows of \[R | t\].
fn centres(models: Tensor<2>) -> Tensor<2> {
    let rows = models.dims()[0];
    let models = models.reshape([rows, 3, 4]);
    let (rotation, translation) = (models.clone().narrow(2, 0, 3), models.narrow(2, 3, 1));
    -(rotation * translation).sum_dim(1).reshape([rows, 3])
}
