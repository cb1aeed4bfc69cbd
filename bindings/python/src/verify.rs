use crate::errors::raise;
use crate::keywords::Keywords;
use crate::options::{to_python, verify_options};
use nabla_ransac::Result;
use nabla_ransac::collection::hloc::open_with;
use nabla_ransac::collection::{Database, Verifier, VerifyDatabase, verify_database};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Messages of pairs that failed that are kept.
const FAILURES: usize = 1000;

/// Verifies the pairs of a COLMAP database that have matches, and writes their geometries into it.
#[pyfunction]
#[pyo3(signature = (database, *, overwrite=false, seed=0, hloc=None, progress=None, **options))]
pub(crate) fn verify<'py>(
    py: Python<'py>,
    database: PathBuf,
    overwrite: bool,
    seed: u64,
    hloc: Option<[PathBuf; 3]>,
    progress: Option<Py<PyAny>>,
    options: Option<Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut keywords = Keywords::new(py, options.as_ref())?;
    let options = verify_options(&mut keywords)?;
    keywords.finish()?;
    let asked = VerifyDatabase { overwrite, seed };
    let mut watch = Watch { progress, done: 0, all: 0, failures: Vec::new(), raised: None };
    let run = || -> Result<_> {
        let verifier = Verifier::new(options)?;
        let (mut opened, left_out) = open(&database, hloc.as_ref())?;
        let [all, left] = opened.count_pairs()?;
        watch.all = if overwrite { all } else { left };
        watch.failures = left_out;
        let start = Instant::now();
        let summary = verify_database(&mut opened, &verifier, asked, &mut |batch, _| {
            let errors = batch.geometries.iter().filter_map(|geometry| geometry.as_ref().err());
            watch.after(batch.ids.len() as u64, errors.map(ToString::to_string))
        })?;
        let seconds = start.elapsed().as_secs_f64();
        Ok(summary.report(&database, &verifier, asked.seed, seconds))
    };
    let report = py.detach(run).map_err(raise)?;
    if let Some(error) = watch.raised {
        return Err(error);
    }
    let report = to_python(py, &report)?;
    report.set_item("failures", watch.failures)?;
    Ok(report)
}

/// The database, with hloc's pairs in it where they are given, and why some of those are not.
fn open(path: &Path, hloc: Option<&[PathBuf; 3]>) -> Result<(Database, Vec<String>)> {
    let Some([features, matches, pairs]) = hloc else { return Ok((Database::open(path)?, Vec::new())) };
    let (database, summary) = open_with(path, features, matches, pairs)?;
    Ok((database, summary.failed.iter().map(ToString::to_string).collect()))
}

/// What happens between two batches.
struct Watch {
    progress: Option<Py<PyAny>>,
    done: u64,
    all: u64,
    failures: Vec<String>,
    /// By the caller's function, or by a signal.
    raised: Option<PyErr>,
}

impl Watch {
    fn after(&mut self, pairs: u64, failures: impl Iterator<Item = String>) -> ControlFlow<()> {
        self.done += pairs;
        let room = FAILURES.saturating_sub(self.failures.len());
        self.failures.extend(failures.take(room));
        let told = Python::attach(|py| {
            if let Some(progress) = &self.progress {
                progress.call1(py, (self.done, self.all))?;
            }
            py.check_signals()
        });
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raised = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}
