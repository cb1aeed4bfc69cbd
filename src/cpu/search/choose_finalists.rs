//! Of the refined models of a search, those that are refined to the last: the winner, and the best other motions.

use super::normalize_matches::pose_of;
use crate::constants::{COS_SAME_MOTION, FINALISTS, REFINED_SHARE};
use crate::cpu::residual::ModelRows;

/// A model with its score.
pub type Scored = (ModelRows, f32);

/// The best of some models, the first of equals.
pub fn choose_winner(refined: &[Scored]) -> Option<Scored> {
    refined.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// The best of the models that are other motions than the winner and near enough to it in score to become its rivals, best first.
pub fn choose_others(winner: &Scored, refined: &[Scored]) -> Vec<Scored> {
    let is_near = |other: &&Scored| other.1 >= REFINED_SHARE as f32 * winner.1;
    let is_other = |other: &&Scored| !is_same_motion(&winner.0, &other.0);
    let mut others: Vec<Scored> = refined.iter().filter(is_near).filter(is_other).copied().collect();
    others.sort_by(|a, b| b.1.total_cmp(&a.1));
    others.truncate(FINALISTS as usize - 1);
    others
}

/// Whether two motions are one, in rotation and in the direction of the translation.
pub fn is_same_motion(a: &ModelRows, b: &ModelRows) -> bool {
    let [a, b] = [a, b].map(pose_of);
    let cos_rotation = 0.5 * ((a.rotation.transpose() * b.rotation).diagonal().element_sum() - 1.0);
    cos_rotation.min(a.translation.dot(b.translation)) > COS_SAME_MOTION
}
