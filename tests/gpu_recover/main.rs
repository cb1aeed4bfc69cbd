//! What the GPU recovers of planes, and says of them, agrees with the CPU twins over many scenes at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod batch;
mod explained;
mod plane_scenes;
mod recovered;

use batch::run;
use nabla_ransac::ransac::EpipolarResidual;
use nabla_ransac::{ModelKind, Options, Sampler, Score};
use plane_scenes::{PlaneScene, scenes};

/// Of pairs that could be compared: all, and those where the twins agree.
#[derive(Debug, Default, PartialEq)]
struct Agreement {
    pub(crate) compared: usize,
    pub(crate) exist: usize,
    pub(crate) same_existence: usize,
    pub(crate) same_winner: usize,
    pub(crate) same_count: usize,
    pub(crate) same_flags: usize,
}

impl Agreement {
    fn check(&self, least_existing: usize) {
        assert!(self.exist >= least_existing, "{self:?}");
        assert!(self.same_existence * 100 >= self.compared * 98, "{self:?}");
        assert!(self.same_flags * 100 >= self.compared * 98, "{self:?}");
        assert!(self.same_winner * 100 >= self.exist * 98, "{self:?}");
        assert!(self.same_count * 100 >= self.exist * 98, "{self:?}");
    }
}

fn options() -> Options {
    Options { threshold_px: 1.5, sampler: Sampler::Uniform, ..Options::default() }.with_iterations(Some(256), Some(256))
}

#[test]
fn planes_are_recovered_as_on_the_cpu() {
    let mut agreement = Agreement::default();
    let weighted = Options { sampler: Sampler::Auto, weigh_score: true, ..options() };
    let variants = [
        (options(), 0..40),
        (Options { score: Score::Magsacpp, ..weighted }, 40..60),
        (Options { residual: EpipolarResidual::Symmetric, score: Score::Ransac, ..weighted }, 60..80),
    ];
    for (options, seeds) in variants {
        run(ModelKind::Fundamental, options, &scenes(seeds)).check_recovered(&mut agreement);
    }
    agreement.check(100);
}

#[test]
fn homographies_explain_the_inliers_that_they_explain_on_the_cpu() {
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        let mut agreement = Agreement::default();
        let scenes = scenes(100..180);
        run(kind, options(), &scenes).check_explained(&mut agreement, &scenes);
        agreement.check(50);
    }
}

#[test]
fn thousands_of_matches_are_explained_and_recovered_alike() {
    let scenes: Vec<PlaneScene> = (0..4).map(|seed| PlaneScene::new(seed, [7000, 1000, 2000])).collect();
    let batch = run(ModelKind::Fundamental, options(), &scenes);
    let [mut recovered, mut explained] = [Agreement::default(), Agreement::default()];
    batch.check_recovered(&mut recovered);
    batch.check_explained(&mut explained, &scenes);
    recovered.check(4);
    explained.check(4);
}
