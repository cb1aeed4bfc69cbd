//! What the neighbours of a match tell of the winner, on random pairs with plausible wrong matches.
#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nabla_ransac::data::{PairRecord, SyntheticOptions, SyntheticPairs};
use nabla_ransac::geometry::Matches;
use nabla_ransac::geometry::accuracy::{auc_exact, motion_of_model, pose_error_deg};
use nabla_ransac::{Backend, Estimator, ModelKind, Options};

const HYPOTHESES: u32 = 20;

fn error_deg(estimator: &Estimator, record: &PairRecord, kind: ModelKind) -> f64 {
    let Some(estimate) = estimator.estimate(&record.problem(kind, 0).unwrap()).unwrap().estimate else {
        return f64::INFINITY;
    };
    let Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) } = &record.matches else {
        return f64::INFINITY;
    };
    let motion = motion_of_model(&estimate.model, cameras, points1_px, points2_px, &estimate.inliers);
    motion.map_or(f64::INFINITY, |motion| pose_error_deg(&motion, &record.truth.unwrap()))
}

#[test]
fn a_second_look_mends_what_few_hypotheses_leave() {
    let pairs = SyntheticPairs::new(SyntheticOptions::default(), 11).unwrap();
    let records: Vec<PairRecord> = (0..100).map(|index| pairs.pair(index)).collect();
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        let auc = |coherent: bool| {
            let (min_iterations, max_iterations) = (HYPOTHESES, HYPOTHESES);
            let budget = Options { min_iterations, max_iterations, backend: Backend::Cpu, ..Options::default() };
            let estimator = Estimator::new(Options { coherent, ..budget }).unwrap();
            let errors: Vec<f64> = records.iter().map(|record| error_deg(&estimator, record, kind)).collect();
            auc_exact(&errors, 10.0)
        };
        let [plain, coherent] = [false, true].map(auc);
        assert!(coherent > plain, "{kind:?}: {plain} {coherent}");
    }
}
