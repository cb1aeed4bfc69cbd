//! What the GPU recovers of planes, and says of them, agrees with the CPU twins over many scenes at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/plane_scenes.rs"]
mod plane_scenes;

use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::constants::{HAS_HOMOGRAPHY, PLANAR, PLANE_HYPOTHESES, RECOVERED, ROTATION_ONLY, UNREACHED};
use nabla_ransac::cpu::{
    recover::{
        explain_by_homography::homography_explains,
        recover_plane::{homography_of_sample, recover_by_parallax},
        two_views::TwoViews,
    },
    search::{
        normalize_matches::{NormalizedMatches, matrix_of, rows_of_matrix},
        sample_minimal::{SampleSource, sample_minimal},
        score_models::Scorer,
    },
};
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::{
    HostBuffers, Variant, Workgroups,
    layout::{Candidate, Pair, PairDiagnosis, PairResult},
    recover,
};
use nabla_ransac::ransac::{EpipolarResidual, GpuPipeline};
use nabla_ransac::{ModelKind, Options, Sampler, Score};
use plane_scenes::{PlaneScene, scenes};

/// A flag of another stage, which stays.
const OTHERS: u32 = ROTATION_ONLY;

/// What the search, then the two stages left in their buffers.
struct Batch {
    options: Options,
    kind: ModelKind,
    weights: Vec<f32>,
    sums: Vec<[u32; 2]>,
    pairs: Vec<Pair>,
    matches: Vec<[f32; 4]>,
    candidates: Vec<Candidate>,
    minimal_models: Vec<[[f32; 4]; 3]>,
    results: Vec<PairResult>,
    mask: Vec<u32>,
    diagnoses: Vec<PairDiagnosis>,
}

fn run(kind: ModelKind, options: Options, scenes: &[PlaneScene]) -> Batch {
    let context = Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"));
    let raw: Vec<[f32; 4]> = scenes.iter().flat_map(PlaneScene::raw_matches).collect();
    let weights: Vec<f32> = scenes.iter().flat_map(|scene| scene.weights.clone()).collect();
    let weight_buffer = TypedBuffer::from_slice(&context, "weights", &weights);
    let host = HostBuffers { matches: None, weights: Some(wgpu::Buffer::clone(&weight_buffer)) };
    let room = [scenes.len() as u32, raw.len() as u32];
    let pipeline = GpuPipeline::new_blocking(context.clone(), kind, &options, room, host).unwrap();
    let b = pipeline.buffers();
    b.raw_matches.write(&context, 0, &raw);
    let starts = scenes.iter().scan(0, |start, scene| {
        let first = *start;
        *start += scene.points1.len();
        Some(first)
    });
    let inputs: Vec<_> = scenes.iter().zip(starts).map(|(scene, start)| scene.input(start)).collect();
    pipeline.write_pairs(&inputs).unwrap();
    let blank = PairDiagnosis { flags: OTHERS | PLANAR | HAS_HOMOGRAPHY, ..bytemuck::Zeroable::zeroed() };
    b.diagnoses.write(&context, 0, &vec![blank; scenes.len()]);
    let variant = Variant { kind, residual: options.residual, score: options.score };
    context
        .catch_blocking(|| {
            let explain = recover::explain_by_homography::stage(&context, variant, b);
            let recover = (kind == ModelKind::Fundamental).then(|| recover::recover_plane::stage(&context, variant, b));
            let mut encoder = context.encoder("test");
            pipeline.encode(&mut encoder);
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            if let Some(recover) = &recover {
                recover.encode(&mut pass, Workgroups::Count(room[0] * RECOVERED));
            }
            explain.encode(&mut pass, Workgroups::Count(room[0]));
            drop(pass);
            context.queue().submit([encoder.finish()]);
        })
        .unwrap();
    Batch {
        sums: b.weight_sums.read_blocking(&context).unwrap(),
        pairs: b.pairs.read_blocking(&context).unwrap(),
        matches: b.matches.read_blocking(&context).unwrap(),
        candidates: b.candidates.read_blocking(&context).unwrap(),
        minimal_models: b.minimal_models.read_blocking(&context).unwrap(),
        results: b.results.read_blocking(&context).unwrap(),
        mask: b.inlier_mask.read_blocking(&context).unwrap(),
        diagnoses: b.diagnoses.read_blocking(&context).unwrap(),
        options,
        kind,
        weights,
    }
}

/// Of pairs that could be compared: all, and those where the twins agree.
#[derive(Debug, Default, PartialEq)]
struct Agreement {
    compared: usize,
    exist: usize,
    same_existence: usize,
    same_winner: usize,
    same_count: usize,
    same_flags: usize,
}

impl Agreement {
    fn check(&self, least_existing: usize) {
        println!("{self:?}");
        assert!(self.exist >= least_existing, "{self:?}");
        assert!(self.same_existence * 100 >= self.compared * 98, "{self:?}");
        assert!(self.same_flags * 100 >= self.compared * 98, "{self:?}");
        assert!(self.same_winner * 100 >= self.exist * 90, "{self:?}");
        assert!(self.same_count * 100 >= self.exist * 90, "{self:?}");
    }
}

fn matrix(rows: &[[f32; 4]; 3]) -> DMat3 {
    matrix_of(&rows.map(|row| row.map(f64::from)))
}

fn difference(a: &DMat3, b: &DMat3) -> f64 {
    (*a - *b).to_cols_array().iter().map(|x| x * x).sum::<f64>().sqrt()
}

impl Batch {
    fn range(&self, pair: usize) -> std::ops::Range<usize> {
        let Pair { match_start, match_count, .. } = self.pairs[pair];
        match_start as usize..(match_start + match_count) as usize
    }

    fn seed(&self, pair: usize) -> u64 {
        let [low, high] = self.pairs[pair].seed;
        u64::from(high) << 32 | u64::from(low)
    }

    fn points(&self, pair: usize, pick: impl Fn(usize) -> bool) -> [Vec<DVec2>; 2] {
        let picked: Vec<[f64; 4]> =
            self.range(pair).filter(|&i| pick(i)).map(|i| self.matches[i].map(f64::from)).collect();
        [0, 2].map(|k| picked.iter().map(|m| DVec2::new(m[k], m[k + 1])).collect())
    }

    fn source(&self, pair: usize) -> SampleSource {
        let sums = |k: usize| self.sums[self.range(pair)].iter().map(|sums| sums[k]).collect();
        match self.options.sampler {
            Sampler::Uniform => SampleSource::Uniform(self.pairs[pair].match_count),
            _ => SampleSource::Alternating([sums(0), sums(1)]),
        }
    }

    /// The best candidates of the search.
    fn best(&self, pair: usize) -> Vec<usize> {
        let all = self.candidates.len() / self.pairs.len();
        let searched = pair * all..(pair + 1) * all - RECOVERED as usize;
        let mut found: Vec<usize> = searched.filter(|&i| self.candidates[i].found != 0).collect();
        found.sort_by(|&a, &b| self.candidates[b].score.total_cmp(&self.candidates[a].score).then(a.cmp(&b)));
        found.truncate(RECOVERED as usize);
        found
    }

    fn scored(&self, pair: usize, model: &DMat3) -> f32 {
        let range = self.range(pair);
        let rows: Vec<[f64; 6]> =
            self.matches[range.clone()].iter().map(|m| [m[0], m[1], m[2], m[3], 0.0, 0.0].map(f64::from)).collect();
        let matches = NormalizedMatches::of_rows(self.kind, &rows, self.pairs[pair].metric.map(f64::from));
        let matches = if self.options.weigh_score { matches.with_weights(&self.weights[range]) } else { matches };
        let scorer = Scorer::new(self.kind, self.options.score, self.options.residual);
        scorer.score(&rows_of_matrix(model), &matches, f32::NEG_INFINITY)
    }

    /// What the CPU recovers from a candidate.
    fn recover(&self, pair: usize, candidate: usize) -> Option<DMat3> {
        let sample =
            sample_minimal::<7>(&self.source(pair), self.seed(pair), self.candidates[candidate].hypothesis).unwrap();
        let [points1, points2] = self.points(pair, |_| true);
        let metric = self.pairs[pair].metric.map(f64::from);
        let [sample1, sample2] = [&points1, &points2].map(|points| sample.map(|i| points[i as usize]));
        let model = matrix(&self.minimal_models[candidate]);
        let homography = homography_of_sample(&model, &sample1, &sample2, metric)?;
        let views = TwoViews { points1: &points1, points2: &points2, metric };
        recover_by_parallax(&views, &homography, self.seed(pair), PLANE_HYPOTHESES).map(|found| found.fundamental)
    }

    fn check_recovered(&self, agreement: &mut Agreement) {
        let all = self.candidates.len() / self.pairs.len();
        for pair in 0..self.pairs.len() {
            let best = if self.pairs[pair].flags == 0 { self.best(pair) } else { Vec::new() };
            for k in 0..RECOVERED as usize {
                let found = &self.candidates[(pair + 1) * all - RECOVERED as usize + k];
                let expected = best.get(k).and_then(|&candidate| self.recover(pair, candidate));
                agreement.compared += 1;
                agreement.same_existence += usize::from(expected.is_some() == (found.found != 0));
                agreement.same_flags += usize::from(expected.is_some() == (found.found != 0));
                assert_eq!(found.needed, UNREACHED);
                if found.found == 0 {
                    assert_eq!(found.score, 0.0);
                } else {
                    assert_eq!(found.hypothesis, self.candidates[best[k]].hypothesis);
                    let (model, score) = (matrix(&found.rows), found.score);
                    assert!(model.determinant().abs() < 1e-5);
                    let rescored = self.scored(pair, &model);
                    assert!((rescored - score).abs() < 2e-3 * rescored + 1.01, "{score} {rescored}");
                }
                let (Some(expected), true) = (expected, found.found != 0) else { continue };
                agreement.exist += 1;
                agreement.same_winner += usize::from(difference(&expected, &matrix(&found.rows)) < 1e-2);
                let score = self.scored(pair, &expected);
                agreement.same_count += usize::from((found.score - score).abs() < 0.01 * score + 1.0);
            }
        }
    }

    /// The largest distance in image 2 between what two homographies in pixels make of inliers.
    fn distance_px(&self, pair: usize, a: &DMat3, b: &DMat3, scene: &PlaneScene) -> f64 {
        let map = |h: &DMat3, p: DVec2| {
            let mapped: DVec3 = *h * p.extend(1.0);
            mapped.truncate() / mapped.z
        };
        let first = self.range(pair).start;
        let inliers = self.range(pair).filter(|&i| self.mask[i] != 0).map(|i| i - first);
        inliers
            .filter(|&i| map(b, scene.points1[i]).distance(scene.points2[i]) < 2.0)
            .map(|i| map(a, scene.points1[i]).distance(map(b, scene.points1[i])))
            .fold(0.0, f64::max)
    }

    fn in_pixels(&self, pair: usize, h: &DMat3) -> DMat3 {
        let Pair { offset1, scale1, offset2, scale2, .. } = self.pairs[pair];
        let normalising = |offset: [f32; 3], scale: [f32; 3]| {
            let [o, s] = [offset, scale].map(|v| DVec3::from_array(v.map(f64::from)));
            DMat3::from_cols(DVec3::X * s.x, DVec3::Y * s.y, DVec3::new(-o.x * s.x, -o.y * s.y, 1.0))
        };
        normalising(offset2, scale2).inverse() * *h * normalising(offset1, scale1)
    }

    fn check_explained(&self, agreement: &mut Agreement, scenes: &[PlaneScene]) {
        for (pair, scene) in scenes.iter().enumerate() {
            let found = &self.diagnoses[pair];
            let inlier = |i: usize| self.results[pair].status == 0 && self.mask[i] != 0;
            let [points1, points2] = self.points(pair, inlier);
            assert_eq!(points1.len() as u32, self.results[pair].inliers);
            let views =
                TwoViews { points1: &points1, points2: &points2, metric: self.pairs[pair].metric.map(f64::from) };
            let expected = homography_explains(&views, self.seed(pair), PLANE_HYPOTHESES);
            let has = found.flags & HAS_HOMOGRAPHY != 0;
            let planar = expected.is_some_and(|(_, count)| count as f64 >= 0.8 * points1.len() as f64);
            let flags = OTHERS | u32::from(planar) * PLANAR | u32::from(expected.is_some()) * HAS_HOMOGRAPHY;
            agreement.compared += 1;
            agreement.same_existence += usize::from(expected.is_some() == has);
            agreement.same_flags += usize::from(found.flags == flags);
            if !has {
                assert_eq!((found.homography, found.homography_inliers), ([[0.0; 4]; 3], 0));
            }
            let (Some((expected, count)), true) = (expected, has) else { continue };
            agreement.exist += 1;
            agreement.same_count += usize::from(found.homography_inliers.abs_diff(count as u32) <= 1);
            let expected = self.in_pixels(pair, &expected);
            let distance = self.distance_px(pair, &matrix(&found.homography), &expected, scene);
            agreement.same_winner += usize::from(distance < 0.1);
        }
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
