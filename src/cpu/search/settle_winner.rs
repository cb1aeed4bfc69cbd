//! Of the winner and another motion the better one becomes the model, the other one its second motion.

use super::choose_finalists::{Scored, is_same_motion};
use crate::constants::{AMBIGUOUS_SHARE, RIVAL_SHARE};

/// The first of some motions that is another than the winner.
pub fn first_other(winner: &Scored, others: impl IntoIterator<Item = Scored>) -> Option<Scored> {
    others.into_iter().find(|other| !is_same_motion(&winner.0, &other.0))
}

/// The better one of two motions, and the other one where it is a rival.
pub fn settle_winner(winner: Scored, other: Option<Scored>) -> (Scored, Option<Scored>) {
    let (winner, loser) = match other {
        Some(other) if other.1 > winner.1 => (other, Some(winner)),
        other => (winner, other),
    };
    (winner, loser.filter(|loser| loser.1 >= RIVAL_SHARE as f32 * winner.1))
}

/// Whether a second motion explains the matches nearly as well as the winner.
pub fn is_ambiguous(winner: &Scored, second: &Scored) -> bool {
    second.1 >= AMBIGUOUS_SHARE as f32 * winner.1
}
