//! Weights by neighbours, and the neighbours.

use crate::batch::{Batch, Case, rounded};
use crate::scenes::Scene;
use glam::DVec3;
use nabla_ransac::constants::{COHERENT_NEIGHBOURS, DISABLED, FINALIST_PLACES};
use nabla_ransac::cpu::rank::find_neighbours::find_neighbours;
use nabla_ransac::cpu::search::normalize_matches::NormalizedMatches;
use nabla_ransac::cpu::search::score_models::Scorer;
use nabla_ransac::cpu::search::weigh_by_neighbours::{Neighbours, weigh_by_neighbours};
use nabla_ransac::geometry::accuracy::fundamental_of_pose;
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::layout::{Candidate, Coherence};
use nabla_ransac::kernels::{rank::find_neighbours as ranked, search::weigh_by_neighbours as weigher};
use nabla_ransac::{ModelKind, Pose, Score, ransac::EpipolarResidual};

const POISON: f32 = -12_345.0;
const UNTOUCHED: u32 = 12_345;
const PLACES: u32 = 2;
/// The finalists that take part begin with this one.
const FIRST: u32 = 1;

/// The model of a scene whose rotation is off by a vector.
fn model(scene: &Scene, turn: DVec3) -> Case {
    let mut case = Case::of_scene(scene, 2.0, turn, 0);
    if scene.kind == ModelKind::Fundamental {
        let normalized = NormalizedMatches::new(&scene.view(), 2.0, None, None);
        let rotation = scene.pose.rotation * glam::DMat3::from_quat(glam::DQuat::from_scaled_axis(turn));
        let pose = Pose { rotation, ..scene.pose };
        let fundamental = fundamental_of_pose(&pose, &scene.cameras);
        case.model = rounded(normalized.normalize_fundamental(&fundamental));
    }
    case
}

/// Pairs of several sizes, each with a model for each place and round.
fn cases(kind: ModelKind, counts: &[usize], weighted: bool) -> Vec<[Case; 4]> {
    let of_pair = |(k, &count): (usize, &usize)| {
        let scene = Scene::new(kind, 10 + k as u64, count, 0.6, 1.0);
        let turn = |place: f64| DVec3::new(0.001, -0.002, 0.001) * place;
        let mut models = [0.0, 1.0, 3.0, 0.5].map(|place| model(&scene, turn(place)));
        for case in &mut models {
            if weighted {
                (0..count).for_each(|i| case.weights[i] = if i % 7 == 0 { 0.0 } else { 0.1 + (i % 10) as f32 / 9.0 });
            }
            case.found = k % 4 != 3;
            case.flags = if k % 4 == 2 { DISABLED } else { 0 };
        }
        models
    };
    counts.iter().enumerate().map(of_pair).collect()
}

/// What is found of some pairs: the neighbours, and the weights after both rounds.
struct Found {
    neighbours: Vec<u32>,
    weights: Vec<f32>,
    starts: Vec<usize>,
    matches: usize,
}

fn find(context: &Context, residual: EpipolarResidual, cases: &[[Case; 4]], weighted: bool) -> Found {
    let first: Vec<Case> = cases.iter().map(|models| models[0].clone()).collect();
    let batch = Batch::new(context, residual, &first, weighted);
    let matches = batch.capacity.matches;
    let untouched = vec![UNTOUCHED; matches as usize * COHERENT_NEIGHBOURS];
    let neighbours = TypedBuffer::from_slice(context, "neighbours", &untouched);
    let weights = TypedBuffer::from_slice(context, "coherence", &vec![POISON; (PLACES * matches) as usize]);
    let coherence = TypedBuffer::<Coherence>::uniform(context, "coherence");
    let b = &batch.buffers;
    let weigh = weigher::stage(context, batch.variant, b, [&coherence, &neighbours, &weights]);
    for again in [0, 1] {
        let finalists = cases.iter().flat_map(|models| {
            let of_place = |place: usize| models[place - 1 + 2 * again as usize].candidate();
            (0..FINALIST_PLACES as usize)
                .map(move |place| if (1..3).contains(&place) { of_place(place) } else { bytemuck::Zeroable::zeroed() })
        });
        b.finalists.write(context, 0, &finalists.collect::<Vec<Candidate>>());
        coherence.write(context, 0, &[Coherence { first: FIRST, places: PLACES, again }]);
        if again == 0 {
            let stage = ranked::stage_of_pairs(context, batch.variant, b, &neighbours);
            batch.run(&stage, ranked::workgroups_of_pairs(batch.capacity));
        }
        batch.run(&weigh, weigher::workgroups(batch.capacity, PLACES));
    }
    Found {
        neighbours: neighbours.read_blocking(context).unwrap(),
        weights: weights.read_blocking(context).unwrap(),
        starts: batch.starts,
        matches: matches as usize,
    }
}

/// The share of the matches whose neighbours differ, and of the weights that do.
fn differing(found: &Found, residual: EpipolarResidual, cases: &[[Case; 4]]) -> [f64; 2] {
    let (mut sets, mut other_sets, mut weights, mut other_weights) = (0, 0, 0, 0);
    for (models, &start) in cases.iter().zip(&found.starts) {
        let normalized = models[0].normalized();
        let count = normalized.count;
        let of_pair = &found.neighbours[start * COHERENT_NEIGHBOURS..][..count * COHERENT_NEIGHBOURS];
        let taken = models[0].found && models[0].flags == 0;
        let points: Vec<[f32; 4]> = (0..count).map(|i| [0, 1, 2, 3].map(|c| normalized.columns_f32[c][i])).collect();
        let expected = find_neighbours(&points, COHERENT_NEIGHBOURS);
        if taken {
            let pairs = of_pair.chunks(COHERENT_NEIGHBOURS).zip(expected.chunks(COHERENT_NEIGHBOURS));
            sets += count;
            other_sets +=
                pairs.filter(|(a, b)| a.iter().zip(*b).any(|(&a, &b)| a as usize != start + b as usize)).count();
        } else {
            assert!(of_pair.iter().all(|&neighbour| neighbour == UNTOUCHED));
        }
        let scorer = Scorer::new(models[0].kind, Score::Msac, residual);
        for place in 0..PLACES as usize {
            let of_place = &found.weights[place * found.matches + start..][..count];
            if !taken {
                assert!(of_place.iter().all(|&weight| weight == POISON));
                continue;
            }
            let mut expected = normalized.refinement_weights.clone();
            let mut neighbours = Neighbours::new(&normalized);
            for model in [&models[place], &models[place + 2]] {
                weigh_by_neighbours(&model.model, &normalized, &mut neighbours, &scorer, &mut expected);
            }
            weights += count;
            let differs = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() > 1e-3;
            other_weights += of_place.iter().zip(&expected).filter(|&(a, b)| differs((a, b))).count();
        }
    }
    [other_sets as f64 / sets as f64, other_weights as f64 / weights as f64]
}

fn check(kind: ModelKind, residual: EpipolarResidual, counts: &[usize], weighted: bool) {
    let context = Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"));
    let cases = cases(kind, counts, weighted);
    let found = find(&context, residual, &cases, weighted);
    let differing = differing(&found, residual, &cases);
    assert!(differing.iter().all(|share| *share < 2e-3), "{kind:?} {residual:?}: {differing:?}");
    println!("{kind:?} {residual:?}: {differing:?} of neighbours and weights differ");
}

#[test]
fn matches_weigh_by_their_neighbours_as_on_the_cpu() {
    let counts = [600, 0, 100, 50, 1, 9, 300, 70, 3000, 130];
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        check(kind, EpipolarResidual::Sampson, &counts, false);
    }
    check(ModelKind::Fundamental, EpipolarResidual::Symmetric, &counts, true);
    check(ModelKind::Essential, EpipolarResidual::Sampson, &[10_000, 20, 30, 40, 2], true);
    check(ModelKind::Essential, EpipolarResidual::Sampson, &[257], false);
}
