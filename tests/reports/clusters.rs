//! Most matches crowd together: the few elsewhere, which alone tell the rotation from the translation, have their say.

use crate::options;
use crate::scenes::Scene;
use glam::DVec2;
use nabla_ransac::network::{RankInput, Ranker, guided, guiding_weights};
use nabla_ransac::{Backend, Estimator, ModelKind, Problem};

/// Matches in the crowd, and elsewhere.
const COUNTS: [usize; 2] = [1900, 100];
/// Points of image 1 this near to its middle are in the crowd.
const CROWD_PX: f64 = 40.0;

/// A scene of which most matches are in one place.
fn crowded(seed: u64) -> Scene {
    let mut scene = Scene::new(ModelKind::Essential, seed, 400_000, 1.0, 0.5);
    let mut left = COUNTS;
    let kept: Vec<bool> = scene
        .image1
        .iter()
        .map(|point| {
            let left = &mut left[usize::from(point.distance(DVec2::new(640.0, 480.0)) > CROWD_PX)];
            let keeps = *left > 0;
            *left -= usize::from(keeps);
            keeps
        })
        .collect();
    for points in [&mut scene.image1, &mut scene.image2] {
        let mut keeps = kept.iter();
        points.retain(|_| *keeps.next().unwrap());
    }
    assert_eq!(scene.image1.len(), COUNTS[0] + COUNTS[1]);
    scene
}

#[test]
fn a_network_that_doubts_the_few_elsewhere_does_not_silence_them() {
    let options = options(ModelKind::Essential, Backend::Cpu);
    let uniform = Estimator::new(options.clone()).unwrap();
    let learned = Estimator::new(guided(options, ModelKind::Essential)).unwrap();
    let ranker = Ranker::shipped(ModelKind::Essential).unwrap();
    for seed in 0..4 {
        let scene = crowded(seed);
        let error = |estimator: &Estimator, weights: Option<&[f32]>| {
            let outcome = estimator.estimate(&Problem { seed, weights, ..Problem::new(scene.view()) }).unwrap();
            scene.error(&outcome.estimate.unwrap().model)
        };
        let weights = guiding_weights(&ranker.logits(&RankInput::new(scene.view())).unwrap());
        let errors = [error(&uniform, None), error(&learned, Some(&weights))];
        assert!(errors[1] < 0.003, "seed {seed}: {errors:?} rad without the network and by it");
    }
}
