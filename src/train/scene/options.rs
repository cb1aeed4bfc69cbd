use super::EndToEndPose;
use crate::localise::MapLayout;
use crate::train::OptimizerOptions;
use crate::{Error, Result};
use std::path::Path;
use toml::Table;

/// How the map of a scene is trained.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SceneOptions {
    /// Seed of the order of cells.
    pub seed: u64,
    /// Steps of the initialisation.
    pub init_steps: usize,
    /// Cells of a step of it.
    pub batch: usize,
    /// Errors of points count up to about so much, as a share of their distance, at its start and at its end: its curriculum.
    pub clamp: [f64; 2],
    /// A point whose error is below this, as a share of its distance, counts by what is seen of the error; at 0 none does.
    pub near: f64,
    /// Photographs that a network takes as they are are turned by up to so many degrees in the initialisation.
    pub turn_deg: f64,
    /// They are scaled by up to so much, up or down.
    pub scale: f64,
    /// Noise on the descriptors, as a share of their length.
    pub noise: f64,
    /// The optimiser of the initialisation.
    pub init_optimizer: OptimizerOptions,
    /// Steps end to end.
    pub steps: usize,
    /// Photographs of a step.
    pub photographs: usize,
    /// The end-to-end stage.
    pub end_to_end: EndToEndPose,
    /// Its optimiser.
    pub optimizer: OptimizerOptions,
    /// Steps from one checkpoint to the next.
    pub checkpoint_every: usize,
}

impl Default for SceneOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            init_steps: 2000,
            batch: 1024,
            clamp: [0.1, 0.01],
            near: 0.05,
            turn_deg: 30.0,
            scale: 1.5,
            noise: 0.4,
            init_optimizer: OptimizerOptions { learning_rate: 1e-3, weight_decay: 0.0, ..OptimizerOptions::default() },
            steps: 600,
            photographs: 1,
            end_to_end: EndToEndPose::default(),
            optimizer: OptimizerOptions { learning_rate: 1e-4, weight_decay: 0.0, ..OptimizerOptions::default() },
            checkpoint_every: 500,
        }
    }
}

impl SceneOptions {
    /// The defaults of a layout.
    pub fn of(layout: &MapLayout) -> Self {
        let usual = Self::default();
        // far less than a memory bears: its losses explode at 1e-4
        let network =
            |learning_rate| Self { optimizer: OptimizerOptions { learning_rate, ..usual.optimizer }, ..usual.clone() };
        match layout {
            MapLayout::Memory { .. } => usual,
            MapLayout::Head { .. } => Self { init_steps: 10_000, ..network(3e-5) },
            // from points near the middle of the scene on, which are all far off
            MapLayout::DsacStar { .. } => Self { init_steps: 6000, clamp: [1.0, 0.01], ..network(1e-5) },
        }
    }

    /// With what a TOML file says.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read or has unknown keys.
    pub fn with_file(&self, path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
        let said: Table = toml::from_str(&text).map_err(|error| Error::file(path, error))?;
        let mut all = Table::try_from(self).map_err(|error| Error::file(path, error))?;
        overlay(&mut all, said);
        all.try_into().map_err(|error| Error::file(path, error))
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::BadOption`] with the first value out of range.
    pub fn check(&self) -> Result<()> {
        let bad = |name, expected, found: String| Err(Error::BadOption { name, expected, found });
        let [first, last] = self.clamp;
        let counts =
            [("batch", self.batch), ("photographs", self.photographs), ("checkpoint_every", self.checkpoint_every)];
        if let Some((name, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return bad(name, "at least 1", "0".to_owned());
        }
        if !(last > 0.0 && first >= last && first.is_finite()) {
            return bad("clamp", "a start and an end above 0, falling", format!("{first} and {last}"));
        }
        let shares = [("noise", self.noise), ("near", self.near), ("turn_deg", self.turn_deg)];
        if let Some((name, value)) = shares.into_iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            return bad(name, "0 or more", value.to_string());
        }
        if !(1.0..=4.0).contains(&self.scale) {
            return bad("scale", "a number in 1..=4", self.scale.to_string());
        }
        self.init_optimizer.check()?;
        self.optimizer.check()?;
        self.end_to_end.check()
    }

    /// Where errors are clamped when this part of the initialisation is done: along a quarter of a circle, as ACE has it.
    pub(super) fn clamp_at(&self, done: f64) -> f64 {
        let [first, last] = self.clamp;
        last + (first - last) * (1.0 - done * done).max(0.0).sqrt()
    }
}

/// Puts the values of a table over those of another one, whose tables stay where the other says only part of them.
fn overlay(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(over)) => overlay(inner, over),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}
