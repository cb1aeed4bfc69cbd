//! The loop of both stages: shuffled cells, then photographs end to end.

use super::augment::{Warp, points_between};
use super::checkpoint::{Checkpoint, Progress};
use super::end_to_end::PoseStep;
use super::network::SceneInput;
use super::point_loss::KnownPoints;
use super::view::{camera_from_origin, image_input, indices};
use super::watch::Watch;
use super::{SceneNetwork, SceneOptions, View};
use crate::data::synthetic::problems::{generator, pair_seed};
use crate::localise::{MapBuilder, MapLayout, SceneMap};
use crate::train::adam::Adam;
use crate::train::{Ending, OptimizerOptions};
use crate::{Error, Result};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use glam::DVec3;
use rand::RngExt;
use rand::rngs::StdRng;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a map learns from.
#[expect(missing_debug_implementations, reason = "views are made by a function")]
pub struct SceneData<'a> {
    /// The cells that the map was built of.
    pub cells: &'a MapBuilder,
    /// Photographs, in the order in which their cells were added.
    pub photographs: usize,
    /// Reads one of them.
    pub view: &'a dyn Fn(usize) -> Result<View>,
    /// What tells these data from others, to know them again when a training goes on.
    pub name: serde_json::Value,
}

/// What a training tells while it runs.
#[derive(Clone, Copy, Debug)]
pub struct SceneStep {
    /// Steps of both stages taken, this one included.
    pub step: usize,
    /// The loss: of the initialisation the mean error of points as a share of their distance (or of what is seen of it), clamped; of the end-to-end stage
    /// the expected error of the pose, degrees.
    pub loss: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Cells seen.
    pub cells: usize,
    /// Of the end-to-end stage.
    pub pose: Option<PoseReport>,
}

/// What a step of the end-to-end stage saw.
#[derive(Clone, Copy, Debug)]
pub struct PoseReport {
    /// Mean entropy of the selection, bits.
    pub entropy_bits: f64,
    /// Photographs of the step.
    pub photographs: usize,
    /// Of these, without any hypothesis: no loss, no gradient.
    pub lost: usize,
    /// Mean error of the refined hypotheses of the highest score, in the scene's unit and in degrees; NaN where all are lost.
    pub best_errors: [f64; 2],
}

/// A training of a map.
#[derive(Debug)]
pub struct SceneTrainer {
    options: SceneOptions,
    built: SceneMap,
    network: SceneNetwork,
    adam: Adam,
    steps: usize,
    watch: Watch<SceneNetwork>,
    device: Device,
}

impl SceneTrainer {
    /// A training of a map as it was built.
    ///
    /// # Errors
    /// [`Error::BadOption`].
    pub fn new(options: SceneOptions, built: SceneMap, device: Device) -> Result<Self> {
        options.check()?;
        let device = device.autodiff();
        let network = SceneNetwork::new(&built, &device);
        Ok(Self { options, built, network, adam: Adam::default(), steps: 0, watch: Watch::default(), device })
    }

    /// Goes on where the checkpoint was.
    ///
    /// # Errors
    /// [`Error::File`] when there is none, or it is of other options or data.
    pub fn resume(
        options: SceneOptions,
        built: SceneMap,
        data: &SceneData<'_>,
        path: &Path,
        device: Device,
    ) -> Result<Self> {
        let fresh = Self::new(options, built, device)?;
        let inner = fresh.device.clone();
        let Checkpoint { progress, network, best, adam } = Checkpoint::read(path, &fresh.network, &inner)?;
        if progress.options != as_read(&fresh.options) || progress.data != data.name {
            let message = "expected a checkpoint of the options and photographs that are given, but it is of others";
            return Err(Error::file(path, message));
        }
        let adam = Adam::from_state(adam, &inner.inner());
        let watch = Watch::new(progress.recent, progress.lowest, best);
        Ok(Self { network, adam, watch, steps: progress.steps, ..fresh })
    }

    /// Steps taken.
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// Steps of both stages.
    pub const fn total_steps(&self) -> usize {
        self.options.init_steps + self.options.steps
    }

    /// Trains until both stages are done or `stop` is set, and writes a checkpoint when it stops and from time to time.
    ///
    /// Where the loss of the end-to-end stage rises far beyond its lowest it ends, with the network of that; and one that ends clearly
    /// above it gives that network too.
    ///
    /// # Errors
    /// Those of the views; [`Error::TrainingDiverged`] for losses that are not finite, after a checkpoint of what was before;
    /// [`Error::Device`]; [`Error::File`].
    pub fn run(
        &mut self,
        data: &SceneData<'_>,
        checkpoint: &Path,
        stop: &AtomicBool,
        on_step: &mut dyn FnMut(SceneStep),
    ) -> Result<SceneEnding> {
        while self.steps < self.total_steps() {
            let step = match self.steps.checked_sub(self.options.init_steps) {
                None => self.initialise(data),
                Some(step) => self.learn_poses(data, step),
            };
            let told = match step {
                Err(error @ Error::TrainingDiverged { .. }) => {
                    self.save(data, checkpoint)?;
                    return Err(error);
                }
                told => told?,
            };
            self.steps += 1;
            on_step(told);
            if told.pose.is_some() && self.watch.has_exploded() {
                self.network = self.watch.best().cloned().unwrap_or_else(|| self.network.clone());
                self.steps = self.total_steps();
                self.save(data, checkpoint)?;
                return Ok(SceneEnding::Exploded);
            }
            let stops = stop.load(Ordering::Relaxed);
            if stops || self.steps.is_multiple_of(self.options.checkpoint_every) {
                self.save(data, checkpoint)?;
            }
            if stops && self.steps < self.total_steps() {
                return Ok(SceneEnding::Done(Ending::Stopped));
            }
        }
        if let Some(best) = self.watch.best().filter(|_| self.watch.has_worsened()) {
            self.network = best.clone();
        }
        self.save(data, checkpoint)?;
        Ok(SceneEnding::Done(Ending::Finished))
    }

    /// A step on points that are known.
    fn initialise(&mut self, data: &SceneData<'_>) -> Result<SceneStep> {
        let mut rng = generator(pair_seed(self.options.seed, self.steps));
        let (said, known) = match self.built.config().layout {
            MapLayout::DsacStar { .. } => self.say_photographs(data, &mut rng)?,
            MapLayout::Memory { .. } | MapLayout::Head { .. } => self.say_cells(data, &mut rng)?,
        };
        let SceneOptions { init_steps, near, init_optimizer: optimizer, .. } = self.options;
        let clamp = self.options.clamp_at(self.steps as f64 / init_steps as f64);
        let loss = known.loss(said.narrow(1, 0, 3), near, clamp, &self.device);
        let rate = optimizer.rate(self.steps, init_steps);
        let loss = self.take(loss, rate, &optimizer)?;
        Ok(SceneStep { step: self.steps + 1, loss, learning_rate: rate, cells: known.len(), pose: None })
    }

    /// What is said of shuffled cells.
    fn say_cells(&self, data: &SceneData<'_>, rng: &mut StdRng) -> Result<(Tensor<2>, KnownPoints)> {
        let (columns, batch) = (self.built.config().descriptor_columns(), self.options.batch);
        let noise = (self.options.noise / (columns as f64).sqrt() * UNIFORM) as f32;
        let mut descriptors = vec![0.0; batch * columns];
        let mut known = KnownPoints::default();
        for descriptor in descriptors.chunks_exact_mut(columns) {
            let (point, pose) = data.cells.cell(rng.random_range(0..data.cells.len()), descriptor);
            known.push(point - self.origin(), &camera_from_origin(pose, self.origin()));
            let noise = noise * descriptor.iter().map(|x| x * x).sum::<f32>().sqrt();
            descriptor.iter_mut().for_each(|x| *x += noise * rng.random_range(-1.0..1.0_f32));
        }
        let input = Tensor::from_data(TensorData::new(descriptors, [batch, columns]), &self.device);
        Ok((self.network.forward(SceneInput::Descriptors(input))?, known))
    }

    /// What is said of the cells of photographs, each turned and scaled.
    fn say_photographs(&self, data: &SceneData<'_>, rng: &mut StdRng) -> Result<(Tensor<2>, KnownPoints)> {
        let mut known = KnownPoints::default();
        let mut said = Vec::new();
        for _ in 0..self.options.photographs {
            let photograph = rng.random_range(0..data.photographs);
            let view = (data.view)(photograph)?;
            let Some(image) = view.image() else { continue };
            let warp = Warp::random(image.size_px, self.options.turn_deg, self.options.scale, rng);
            let points = data.cells.points_of(photograph, &view.grid);
            let points = points_between(&warp.places(&view.grid), &view.grid, &points);
            let pose = view.camera_from_origin(self.origin());
            let world_from_camera = view.camera_from_world.inverse();
            let mut cells = Vec::new();
            for (cell, point) in points.iter().enumerate().filter_map(|(cell, point)| Some((cell, (*point)?))) {
                known.push(world_from_camera.transform(point) - self.origin(), &pose);
                cells.push(cell);
            }
            let all = self.network.forward(image_input(&warp.image(image), &self.device))?;
            said.push(all.select(0, indices(&cells, &self.device)));
        }
        Ok((Tensor::cat(said, 0), known))
    }

    const fn origin(&self) -> DVec3 {
        DVec3::from_array(self.built.config().origin)
    }

    /// A step on whole photographs.
    fn learn_poses(&mut self, data: &SceneData<'_>, step: usize) -> Result<SceneStep> {
        if step == 0 {
            self.adam = Adam::default();
        }
        let SceneOptions { steps, photographs, seed, optimizer, .. } = self.options;
        let mut rng = generator(pair_seed(seed, self.steps));
        let draw = |_| (data.view)(rng.random_range(0..data.photographs));
        let views = (0..photographs).map(draw).collect::<Result<Vec<_>>>()?;
        let seeds = [seed, step as u64];
        let seen = self.options.end_to_end.step(&self.network, &views, self.built.config(), seeds, &self.device)?;
        let PoseStep { loss, entropy_bits, lost, best_errors } = seen;
        let rate = optimizer.rate(step, steps);
        let before = self.network.clone();
        let loss = self.take(loss, rate, &optimizer)?;
        // a photograph that is lost adds nothing to the loss, and is as bad as can be
        let lost_share = lost as f64 / photographs as f64;
        self.watch.note(loss + lost_share * self.options.end_to_end.clamp_deg, &before);
        let cells = views.iter().map(|view| view.rays.len()).sum();
        let pose = Some(PoseReport { entropy_bits, photographs, lost, best_errors });
        Ok(SceneStep { step: self.steps + 1, loss, learning_rate: rate, cells, pose })
    }

    /// A step of the optimiser; where the loss or its gradient is not finite nothing is changed.
    fn take(&mut self, loss: Tensor<1>, rate: f64, optimizer: &OptimizerOptions) -> Result<f64> {
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        let stepped = self.adam.step(self.network.clone(), loss.inner(), gradients, rate, optimizer)?;
        if let Some((what, value)) = stepped.not_finite() {
            let saved = "a checkpoint has what was before".to_owned();
            return Err(Error::TrainingDiverged { what, step: self.steps, value, saved });
        }
        (self.network, self.adam) = (stepped.network, stepped.adam);
        Ok(stepped.loss)
    }

    fn save(&self, data: &SceneData<'_>, path: &Path) -> Result<()> {
        let adam = self.adam.state()?;
        let (recent, lowest, best) = self.watch.state();
        let (options, data, steps) = (self.options.clone(), data.name.clone(), self.steps);
        let progress = Progress { options, data, steps, adam_steps: adam.steps, recent, lowest };
        Checkpoint { progress, network: self.network.clone(), best, adam }.write(path)
    }

    /// The map as it is now, with a record of how it came about.
    ///
    /// # Errors
    /// Those of [`SceneNetwork::map`].
    pub fn map(&self, record: serde_json::Value) -> Result<SceneMap> {
        self.network.map(&self.built, record)
    }
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SceneEnding {
    /// Well.
    Done(Ending),
    /// The loss of the end-to-end stage rose far beyond its lowest; the network of that is kept.
    Exploded,
}

/// Half the width of the uniform distribution of variance 1.
const UNIFORM: f64 = 1.732_050_8;

/// The options as a checkpoint gives them back: reading its JSON may round the last place of a number.
fn as_read(options: &SceneOptions) -> SceneOptions {
    let read = serde_json::to_string(options).and_then(|text| serde_json::from_str(&text));
    read.unwrap_or_else(|_| options.clone())
}
