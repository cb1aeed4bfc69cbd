//! What the report asks of a way to compare estimates with their truth; one for each kind of geometry that `eval` knows.

use super::pair_result::PairResult;
use crate::ModelKind;
use crate::cli::plot::curves::Panel;
use crate::data::{PairRecord, Scene};
use crate::geometry::{Model, Pose};
use serde_json::{Map, Value};

/// Errors of one estimate.
pub(crate) trait Accuracy: Copy + Send + Sync {
    /// What the comparison needs to know of a scene as a whole.
    type Facts: Sync;
    /// Figures over a set of pairs.
    type Figures: Figures<Self>;
    /// Of a pair for which no model was found.
    const FAILURE: Self;
    /// What a pair must have, for messages.
    const NEEDED: &'static str;

    /// Whether all that the comparison needs is known of the pair.
    fn is_defined_for(record: &PairRecord) -> bool;
    /// Of a scene and the truth of its pairs.
    fn facts(scene: &Scene, truths: &[Pose]) -> Self::Facts;
    /// Of a model of this pair and the matches that it holds for inliers; `None` unless [`Self::is_defined_for`] it.
    fn of(model: &Model, inliers: &[bool], record: &PairRecord, facts: &Self::Facts) -> Option<Self>;
    /// The true model of a kind.
    fn true_model(kind: ModelKind, record: &PairRecord) -> Option<Model>;
    /// Whether each match is right; `None` where that is not known.
    fn right_matches(record: &PairRecord) -> Option<Vec<bool>>;
    /// The error that says whether a pair is lost, degrees.
    fn error_deg(&self) -> f64;
    /// Names and values in the table of all pairs.
    fn columns(&self) -> Vec<(&'static str, String)>;
    /// What is drawn beside the times.
    fn panels(kind: ModelKind, results: &[PairResult<Self>]) -> [Panel; 2];
}

/// How well a set of pairs was estimated.
pub(crate) trait Figures<A: Accuracy> {
    /// Of these pairs and all scenes of the run.
    fn new(results: &[&PairResult<A>], kind: ModelKind, facts: &[A::Facts]) -> Self;
    /// By name.
    fn json(&self) -> Map<String, Value>;
    /// Lines.
    fn text(&self) -> String;
    /// The most important ones in a few words.
    fn brief(&self) -> String;
}
