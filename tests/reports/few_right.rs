//! Few right matches: they are found by default, or it is said that the hypotheses did not suffice.

use crate::scenes::Scene;
use crate::{is_right, noise, options};
use nabla_ransac::{Backend, Estimator, ModelKind, Options, Problem};

#[test]
fn of_a_tenth_right_the_model_is_found_by_default_or_the_shortfall_is_said() {
    for kind in [ModelKind::Pose, ModelKind::Rigid, ModelKind::Homography] {
        let estimator = Estimator::new(options(kind, Backend::Cpu)).unwrap();
        for seed in 0..8 {
            let scene = Scene::new(kind, seed, 600, 0.1, noise(kind));
            let outcome = estimator.estimate(&Problem { seed, ..Problem::new(scene.view()) }).unwrap();
            let is_right = is_right(&scene, outcome.estimate.as_ref());
            // a sample of four is right once in ten thousand
            assert!(is_right || (outcome.budget_spent && kind == ModelKind::Homography), "{kind:?}, seed {seed}");
        }
    }
}

#[test]
fn hypotheses_that_do_not_suffice_are_said_to_be_too_few() {
    for kind in ModelKind::ALL {
        let few = Options { min_iterations: 20, max_iterations: 20, ..options(kind, Backend::Cpu) };
        let many = Options { max_iterations: 100_000, ..few.clone() };
        for seed in 0..3 {
            let scene = Scene::new(kind, seed, 300, 0.45, noise(kind));
            let outcome = |options: &Options| {
                Estimator::new(options.clone())
                    .unwrap()
                    .estimate(&Problem { seed, ..Problem::new(scene.view()) })
                    .unwrap()
            };
            let short = outcome(&few);
            assert!(short.budget_spent && short.confidence < 0.9999 && short.iterations == 20, "{kind:?}, seed {seed}");
            let long = outcome(&many);
            assert!(!long.budget_spent && long.confidence >= 0.9999, "{kind:?}, seed {seed}: {}", long.confidence);
            assert!(is_right(&scene, long.estimate.as_ref()), "{kind:?}, seed {seed}");
        }
    }
}
