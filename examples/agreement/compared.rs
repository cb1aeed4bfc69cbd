//! What both backends make of one pair, and in how many pairs that is the same.

use nabla_ransac::data::PairRecord;
use nabla_ransac::geometry::Matches;
use nabla_ransac::geometry::accuracy::{
    auc_exact, f1_score, fundamental_of_pose, motion_of_model, pose_error_deg, rotation_error_deg,
    symmetric_epipolar_px,
};
use nabla_ransac::ransac::Diagnosis;
use nabla_ransac::{Model, ModelKind, Outcome, Pose};

/// What a diagnosis may say.
type Flag = fn(&Diagnosis) -> bool;

/// A match is right, and counts for the F1 score, below this symmetric distance.
const RIGHT_PX: f64 = 1.0;
/// Second motions this close are the same.
const SAME_SECOND_DEG: f64 = 0.1;
/// Scores this close, relatively, are near ties.
const TIE: f64 = 1e-3;

/// One pair.
pub(crate) struct Compared {
    pub(crate) kind: ModelKind,
    pub(crate) record: PairRecord,
    pub(crate) cpu: Outcome,
    pub(crate) gpu: Outcome,
}

/// Whether a pair is alike in some way.
type IsAlike<'a> = &'a dyn Fn(&Compared) -> bool;

/// In how many pairs both are alike, and how good they are.
pub(crate) fn print_shares(kind: ModelKind, pairs: &[Compared]) {
    let row = |what: &str, is_alike: IsAlike<'_>| {
        let count = pairs.iter().filter(|pair| is_alike(pair)).count();
        println!("{what:41} {:6.2} %", 100.0 * count as f64 / pairs.len().max(1) as f64);
    };
    row("number of hypotheses", &|pair| pair.cpu.iterations == pair.gpu.iterations);
    row("budget_spent", &|pair| pair.cpu.budget_spent == pair.gpu.budget_spent);
    row("whether there is a model", &|pair| pair.cpu.estimate.is_some() == pair.gpu.estimate.is_some());
    if matches!(kind, ModelKind::Essential | ModelKind::Pose) {
        for limit_deg in [0.01, 0.1, 1.0] {
            row(&format!("model within {limit_deg}°"), &|pair| pair.difference_deg() <= limit_deg);
        }
    }
    for percent in [0.0, 1.0, 5.0] {
        let what = if percent == 0.0 { "inlier mask".to_owned() } else { format!("inlier mask within {percent} %") };
        row(&what, &|pair| pair.mask_difference() * 100.0 <= percent);
    }
    row("score within 0.1 %", &|pair| pair.gain().abs() <= TIE);
    row("score of the GPU higher than that", &|pair| pair.gain() > TIE);
    row("score of the CPU higher than that", &|pair| pair.gain() < -TIE);
    let flags: [(&str, Flag); 6] = [
        ("planar", |found| found.planar),
        ("rotation_only", |found| found.rotation_only),
        ("ambiguous", |found| found.ambiguous),
        ("rotation_undetermined", |found| found.rotation_undetermined),
        ("a homography", |found| found.homography.is_some()),
        ("a second motion", |found| found.second_motion.is_some()),
    ];
    for (name, flag) in flags {
        let set = pairs.iter().filter(|pair| pair.diagnoses().iter().any(|found| found.is_some_and(flag))).count();
        row(&format!("{name} ({set} pairs have it)"), &|pair| pair.is_same(flag));
    }
    row("homography's inliers within 1 %", &Compared::is_same_homography);
    row("the second motion, where both have one", &Compared::is_same_second);
    print_accuracy(kind, pairs);
}

/// Against the truth of the file.
fn print_accuracy(kind: ModelKind, pairs: &[Compared]) {
    if kind == ModelKind::Homography {
        return;
    }
    let errors = |of: fn(&Compared) -> [f64; 2]| {
        [0, 1].map(|side| pairs.iter().map(|pair| of(pair)[side]).collect::<Vec<f64>>())
    };
    let [cpu, gpu] = errors(Compared::errors_deg);
    for limit_deg in [5.0, 10.0, 20.0] {
        print_both(&format!("AUC@{limit_deg}°"), [&cpu, &gpu].map(|errors| auc_exact(errors, limit_deg)));
    }
    if kind != ModelKind::Pose {
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        print_both("F1", errors(Compared::f1_scores).map(mean));
    }
}

fn print_both(what: &str, [cpu, gpu]: [f64; 2]) {
    println!("{what:41} {cpu:.4} CPU, {gpu:.4} GPU, difference {:+.4}", gpu - cpu);
}

impl Compared {
    const fn outcomes(&self) -> [&Outcome; 2] {
        [&self.cpu, &self.gpu]
    }

    fn diagnoses(&self) -> [Option<&Diagnosis>; 2] {
        self.outcomes().map(|outcome| outcome.estimate.as_ref().map(|estimate| &estimate.diagnosis))
    }

    /// By how much the score of the GPU is higher, relatively.
    fn gain(&self) -> f64 {
        let [cpu, gpu] = self.outcomes().map(|outcome| outcome.estimate.as_ref().map_or(0.0, |found| found.score));
        if cpu == gpu { 0.0 } else { (gpu - cpu) / cpu.max(gpu) }
    }

    fn is_same(&self, flag: impl Fn(&Diagnosis) -> bool) -> bool {
        let [cpu, gpu] = self.diagnoses().map(|found| found.map(&flag));
        cpu == gpu
    }

    /// Between the motions; 0 where neither has one, infinite where one has.
    fn difference_deg(&self) -> f64 {
        match self.motions() {
            [Some(cpu), Some(gpu)] if self.kind == ModelKind::Pose => rotation_error_deg(&cpu.rotation, &gpu.rotation),
            [Some(cpu), Some(gpu)] => pose_error_deg(&cpu, &gpu),
            [None, None] => 0.0,
            _ => f64::INFINITY,
        }
    }

    /// Share of the matches that only one holds for an inlier.
    fn mask_difference(&self) -> f64 {
        let [cpu, gpu] = self.outcomes().map(|outcome| outcome.estimate.as_ref().map(|found| &found.inliers));
        match [cpu, gpu] {
            [Some(cpu), Some(gpu)] => {
                let differing = cpu.iter().zip(gpu).filter(|(cpu, gpu)| cpu != gpu).count();
                differing as f64 / cpu.len() as f64
            }
            [None, None] => 0.0,
            _ => 1.0,
        }
    }

    fn is_same_homography(&self) -> bool {
        let [cpu, gpu] = self.diagnoses().map(|found| found.and_then(|found| found.homography));
        match [cpu, gpu] {
            [Some((_, cpu)), Some((_, gpu))] => cpu.abs_diff(gpu) * 100 <= cpu.max(gpu),
            _ => cpu.is_some() == gpu.is_some(),
        }
    }

    fn is_same_second(&self) -> bool {
        match self.diagnoses().map(|found| found.and_then(|found| found.second_motion)) {
            [Some((cpu, _)), Some((gpu, _))] => pose_error_deg(&cpu, &gpu) <= SAME_SECOND_DEG,
            _ => true,
        }
    }

    fn motions(&self) -> [Option<Pose>; 2] {
        self.outcomes().map(|outcome| {
            let estimate = outcome.estimate.as_ref()?;
            match (&estimate.model, &self.record.matches) {
                (Model::Pose(pose), _) => Some(*pose),
                (model, Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) }) => {
                    motion_of_model(model, cameras, points1_px, points2_px, &estimate.inliers)
                }
                _ => None,
            }
        })
    }

    /// Against the truth; infinite without a model.
    fn errors_deg(&self) -> [f64; 2] {
        let Some(truth) = self.record.truth else { return [f64::INFINITY; 2] };
        self.motions().map(|motion| match motion {
            Some(motion) if self.kind == ModelKind::Pose => rotation_error_deg(&motion.rotation, &truth.rotation),
            Some(motion) => pose_error_deg(&motion, &truth),
            None => f64::INFINITY,
        })
    }

    /// Of the matches near the epipolar lines of the estimate and of the truth.
    fn f1_scores(&self) -> [f64; 2] {
        let Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) } = &self.record.matches else {
            return [0.0; 2];
        };
        let right = |fundamental: &glam::DMat3| -> Vec<bool> {
            let points = points1_px.iter().zip(points2_px);
            points.map(|(&point1, &point2)| symmetric_epipolar_px(fundamental, point1, point2) < RIGHT_PX).collect()
        };
        let Some(truth) = self.record.truth.map(|truth| right(&fundamental_of_pose(&truth, cameras))) else {
            return [0.0; 2];
        };
        self.outcomes().map(|outcome| match outcome.estimate.as_ref().map(|estimate| estimate.model) {
            Some(Model::Fundamental(fundamental)) => f1_score(&right(&fundamental), &truth),
            Some(Model::Essential(motion)) => f1_score(&right(&fundamental_of_pose(&motion, cameras)), &truth),
            _ => 0.0,
        })
    }

    /// A line of a pair in which anything to speak of differs, the CPU's first.
    pub(crate) fn print_where_different(&self) {
        let is_near = self.mask_difference() < 0.01 && self.difference_deg() < 0.1 && self.is_same_second();
        let [cpu, gpu] = self.outcomes().map(|outcome| (outcome.iterations, signs(outcome)));
        if is_near && cpu == gpu {
            return;
        }
        let [cpu, gpu] = self.outcomes().map(described);
        let [cpu_off, gpu_off] = self.errors_deg();
        let [apart, masks] = [self.difference_deg(), 100.0 * self.mask_difference()];
        println!(
            "{} of {} matches: {cpu} | {gpu} | {apart:.3}° and {masks:.2} % apart, {cpu_off:.3}° and {gpu_off:.3}° off",
            self.record.id,
            self.record.matches.len(),
        );
    }
}

/// A letter a flag.
fn signs(outcome: &Outcome) -> String {
    let Some(estimate) = &outcome.estimate else { return "no model".to_owned() };
    let found = &estimate.diagnosis;
    let set = [found.planar, found.rotation_only, found.ambiguous, found.rotation_undetermined];
    let set = set.into_iter().chain([found.second_motion.is_some()]);
    "PRAU2".chars().zip(set).map(|(sign, is_set)| if is_set { sign } else { '-' }).collect()
}

/// Hypotheses, score, inliers, flags, the second motion's score, the homography's inliers.
fn described(outcome: &Outcome) -> String {
    let Some(found) = &outcome.estimate else { return "no model".to_owned() };
    let second = found.diagnosis.second_motion.map_or(0.0, |(_, score)| score);
    let plane = found.diagnosis.homography.map_or(0, |(_, count)| count);
    let [hypotheses, inliers] = [outcome.iterations as usize, found.inlier_count()];
    format!("{hypotheses} {:.3} {inliers} {} {second:.3} {plane}", found.score, signs(outcome))
}
