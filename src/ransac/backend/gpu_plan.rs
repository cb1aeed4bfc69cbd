//! Which problems share a submission.

use crate::ModelKind;
use crate::ransac::{Options, Problem, stages::weights::Given};
use std::collections::VecDeque;

/// A submission of as many pairs and matches keeps a GPU busy; what comes after is better prepared while that one runs.
const ENOUGH: Room = Room { pairs: 256, matches: 1 << 17 };
/// Pairs with so many times the matches of others are done long after them ...
const APART: usize = 16;
/// ... so that as many others as this have a submission of their own.
const WORTH_A_SUBMISSION: usize = 64;

/// What problems of one submission have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) kind: ModelKind,
    pub(super) given: Given,
    /// Whether their weights are made on the GPU.
    pub(super) ranked: bool,
}

impl Key {
    /// Problems that have weights of their own are not ranked.
    pub(super) fn of(problem: &Problem<'_>, options: &Options, ranks: bool) -> Self {
        let given = Given::of(problem, options);
        let ranked = ranks && !given.weights;
        Self { kind: problem.matches.kind(), given: Given { weights: given.weights || ranked, ..given }, ranked }
    }
}

/// Pairs, and the matches of all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) pairs: usize,
    pub(crate) matches: usize,
}

impl Room {
    /// With one more pair.
    const fn and(self, matches: usize) -> Self {
        Self { pairs: self.pairs + 1, matches: self.matches + matches }
    }

    pub(super) fn max(self, other: Self) -> Self {
        Self { pairs: self.pairs.max(other.pairs), matches: self.matches.max(other.matches) }
    }

    pub(super) const fn holds(self, other: Self) -> bool {
        self.pairs >= other.pairs && self.matches >= other.matches
    }
}

/// Problems of one submission.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) key: Key,
    /// Their places among the caller's problems.
    pub(super) indices: Vec<usize>,
    /// What the submissions of its key need at most, where one pipeline can hold that.
    pub(super) room: Room,
}

impl Batch {
    /// Both halves.
    pub(super) fn halves(mut self) -> [Self; 2] {
        let second = self.indices.split_off(self.indices.len() / 2);
        [self.indices, second].map(|indices| Self { key: self.key, indices, room: Room::default() })
    }
}

/// The submissions, key by key and from large pairs to small ones, and the problems that are too large for one.
///
/// Takes time in proportion to the number of problems.
pub(super) fn plan(
    problems: &[Problem<'_>],
    key: impl Fn(&Problem<'_>) -> Key,
    fits: impl Fn(Key, Room) -> bool,
) -> (VecDeque<Batch>, Vec<usize>) {
    let (mut batches, mut too_large) = (VecDeque::new(), Vec::new());
    for (key, indices) in by_key(problems, key) {
        let count = |index: usize| problems[index].matches.lengths()[0];
        let fits = |room| fits(key, room);
        let (fitting, others): (Vec<_>, Vec<_>) =
            indices.into_iter().partition(|&index| fits(Room::default().and(count(index))));
        too_large.extend(others);
        let shared = share_out(&by_size(fitting, count), count, fits);
        let most = shared.iter().map(|(_, room)| *room).fold(Room::default(), Room::max);
        batches.extend(shared.into_iter().map(|(indices, room)| Batch {
            key,
            indices,
            room: if fits(most) { most } else { room },
        }));
    }
    (batches, too_large)
}

fn by_key(problems: &[Problem<'_>], key: impl Fn(&Problem<'_>) -> Key) -> Vec<(Key, Vec<usize>)> {
    let mut groups: Vec<(Key, Vec<usize>)> = Vec::new();
    for (index, problem) in problems.iter().enumerate() {
        let key = key(problem);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, indices)) => indices.push(index),
            None => groups.push((key, vec![index])),
        }
    }
    groups
}

/// By powers of two of their matches, the largest first, each in their order.
fn by_size(indices: Vec<usize>, count: impl Fn(usize) -> usize) -> Vec<usize> {
    let mut classes = vec![Vec::new(); 1 + usize::BITS as usize];
    for index in indices {
        classes[(usize::BITS - count(index).leading_zeros()) as usize].push(index);
    }
    classes.into_iter().rev().flatten().collect()
}

/// Runs of the sorted problems, with what each needs.
fn share_out(sorted: &[usize], count: impl Fn(usize) -> usize, fits: impl Fn(Room) -> bool) -> Vec<(Vec<usize>, Room)> {
    let mut shared: Vec<(Vec<usize>, Room)> = Vec::new();
    for (place, &index) in sorted.iter().enumerate() {
        let joins = |(batch, room): &(Vec<usize>, Room)| {
            let is_apart = batch.first().is_some_and(|&first| count(first) > APART * count(index).max(1));
            let is_enough = room.holds(ENOUGH) || is_apart && sorted.len() - place >= WORTH_A_SUBMISSION;
            !is_enough && fits(room.and(count(index)))
        };
        match shared.last_mut() {
            Some(last) if joins(last) => {
                last.0.push(index);
                last.1 = last.1.and(count(index));
            }
            _ => shared.push((vec![index], Room::default().and(count(index)))),
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MatchesView;
    use glam::DVec2;

    /// The sizes of each batch where `fits` says so.
    fn sizes(counts: &[usize], fits: impl Fn(Room) -> bool) -> (Vec<Vec<usize>>, Vec<usize>) {
        let points = vec![DVec2::ZERO; counts.iter().copied().max().unwrap_or(0)];
        let problem = |&count: &usize| {
            Problem::new(MatchesView::Homography { points1_px: &points[..count], points2_px: &points[..count] })
        };
        let problems: Vec<_> = counts.iter().map(problem).collect();
        let (batches, too_large) =
            plan(&problems, |problem| Key::of(problem, &Options::default(), false), |_, room| fits(room));
        let of = |batch: &Batch| batch.indices.iter().map(|&index| counts[index]).collect();
        (batches.iter().map(of).collect(), too_large)
    }

    #[test]
    fn what_fits_shares_a_submission() {
        assert_eq!(sizes(&[10, 30, 0, 12], |_| true).0, [[30, 10, 12, 0]]);
        let (batches, too_large) = sizes(&[10, 30, 99, 12], |room| room.pairs <= 2 && room.matches <= 40);
        assert_eq!((batches, too_large), (vec![vec![30, 10], vec![12]], vec![2]));
    }

    #[test]
    fn a_huge_pair_is_apart_from_many_small_ones() {
        let (batches, _) = sizes(&[&[50; 100][..], &[5000]].concat(), |_| true);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [1, 100]);
        assert_eq!(sizes(&[50, 5000, 50], |_| true).0, [[5000, 50, 50]]);
    }

    #[test]
    fn large_batches_are_cut_where_there_is_enough() {
        let (batches, _) = sizes(&[1024; 1000], |_| true);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [256, 256, 256, 232]);
    }
}
