//! Whole estimates of the pairs of some files on both backends, with the same seeds and options.

use crate::compared::Compared;
use nabla_ransac::data::{CameraSet, PairRecord, Scene};
use nabla_ransac::geometry::Matches;
use nabla_ransac::gpu::Context;
use nabla_ransac::network::{LearnedEstimator, Ranker, guided};
use nabla_ransac::{Backend, Estimator, ModelKind, Options, Outcome, Result};
use std::path::PathBuf;

/// A pair of the files; its place among all is its seed.
type Numbered = (u64, PairRecord);

/// Prints what both make of all pairs, at most so many.
pub(crate) fn compare(context: &Context, files: &[PathBuf], at_most: usize, list: bool) -> anyhow::Result<()> {
    for kind in [ModelKind::Essential, ModelKind::Fundamental, ModelKind::Homography, ModelKind::Pose] {
        let records = records(files, kind, at_most)?;
        if records.is_empty() {
            continue;
        }
        for learned in [true, false] {
            if learned && Ranker::shipped(kind).is_err() {
                continue;
            }
            let how = if learned { "ranked by the network" } else { "by ratio" };
            println!("\n{} {}, {how}", records.len(), kind.name());
            let compared = on_both(context, kind, &records, learned)?;
            if list {
                compared.iter().for_each(Compared::print_where_different);
            }
            crate::compared::print_shares(kind, &compared);
        }
    }
    Ok(())
}

/// Those of a file that are for this kind of model, evenly spread over all.
fn records(files: &[PathBuf], kind: ModelKind, at_most: usize) -> Result<Vec<Numbered>> {
    let mut records = Vec::new();
    for file in files {
        let scene = Scene::open(file, kind, CameraSet::default())?;
        for pair in 0..scene.len() {
            records.push(scene.pair(pair)?);
        }
    }
    records.retain(|record| record.matches.view(kind).is_ok() && has_cameras(record));
    let step = records.len().div_ceil(at_most.max(1)).max(1);
    Ok((0..).zip(records).step_by(step).collect())
}

/// As the comparison with the truth needs them.
const fn has_cameras(record: &PairRecord) -> bool {
    let known = match record.matches {
        Matches::TwoView { cameras, .. } => cameras.is_some(),
        Matches::ImageWorld { camera, .. } => camera.is_some(),
        _ => false,
    };
    known && record.truth.is_some()
}

/// One after the other on the CPU and on the GPU, the network too.
fn on_both(context: &Context, kind: ModelKind, records: &[Numbered], learned: bool) -> Result<Vec<Compared>> {
    let problems = records.iter().map(|(seed, record)| record.problem(kind, *seed)).collect::<Result<Vec<_>>>()?;
    let options = if learned { guided(Options::default(), kind) } else { Options::default() };
    let cpu = Estimator::new(Options { backend: Backend::Cpu, ..options.clone() })?;
    let gpu = Estimator::from_device(context.device().clone(), context.queue().clone(), options)?;
    let outcomes = |estimator| {
        let ranker = if learned { Some(Ranker::shipped(kind)?) } else { None };
        let estimator = LearnedEstimator::with_ranker(estimator, ranker)?;
        estimator.estimate_batch(&problems).into_iter().collect::<Result<Vec<_>>>()
    };
    let [cpu, gpu]: [Vec<Outcome>; 2] = [outcomes(cpu)?, outcomes(gpu)?];
    let both = cpu.into_iter().zip(gpu).zip(records);
    let record = |(_, record): &Numbered| record.clone();
    Ok(both.map(|((cpu, gpu), numbered)| Compared { kind, record: record(numbered), cpu, gpu }).collect())
}
