//! Options by keyword.

use crate::errors::{bad_input, raise};
use crate::keywords::Keywords;
use nabla_ransac::collection::VerifyOptions;
use nabla_ransac::network::{LearnedEstimator, Unguided};
use nabla_ransac::{ModelKind, Options, Result, Sampler};
use pyo3::prelude::*;
use serde::Serialize;

/// What the estimator is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) options: Options,
    unguided: Unguided,
}

impl Asked {
    /// Takes the estimator's options, over these defaults.
    pub(crate) fn take(keywords: &mut Keywords<'_>, defaults: Options) -> PyResult<Self> {
        let mut options = defaults;
        let [at_least, at_most] = [keywords.take("min_iterations")?, keywords.take("max_iterations")?];
        options = options.with_iterations(at_least, at_most);
        keywords.set_named("backend", &mut options.backend)?;
        keywords.set("threads", &mut options.threads)?;
        keywords.set("threshold_px", &mut options.threshold_px)?;
        keywords.set("confidence", &mut options.confidence)?;
        keywords.set("min_inliers", &mut options.min_inliers)?;
        keywords.set_named("sampler", &mut options.sampler)?;
        keywords.set("sample_ratio_below", &mut options.sample_ratio_below)?;
        keywords.set("one_to_one", &mut options.one_to_one)?;
        keywords.set_named("score", &mut options.score)?;
        keywords.set_named("residual", &mut options.residual)?;
        keywords.set("key_points", &mut options.key_points)?;
        keywords.set("use_all", &mut options.use_all)?;
        keywords.set("diagnose", &mut options.diagnose)?;
        let asked = Self {
            unguided: Unguided {
                weigh_score: keywords.take("weigh_score")?,
                weigh_refinement: keywords.take("weigh_refinement")?,
                coherent: keywords.take("coherent")?,
            },
            options,
        };
        asked.adjusted().check().map_err(raise)?;
        Ok(asked)
    }

    pub(crate) fn estimator(&self, kind: ModelKind) -> Result<LearnedEstimator> {
        LearnedEstimator::adjusted(self.options.clone(), kind, |options| self.unguided.adjust(options))
    }

    /// With what is asked for in place of the library's defaults.
    fn adjusted(&self) -> Options {
        let mut options = self.options.clone();
        self.unguided.adjust(&mut options);
        options
    }
}

/// Takes the options of a verification.
pub(crate) fn verify_options(keywords: &mut Keywords<'_>) -> PyResult<VerifyOptions> {
    let mut options = VerifyOptions::default();
    let asked = Asked::take(keywords, options.estimator)?;
    let ranks = asked.options.sampler == Sampler::Auto && !asked.options.use_all;
    let given = [
        ("weigh_score", asked.unguided.weigh_score),
        ("weigh_refinement", asked.unguided.weigh_refinement),
        ("coherent", asked.unguided.coherent),
    ];
    if let (true, Some((name, _))) = (ranks, given.into_iter().find(|(_, given)| given.is_some())) {
        let why = "expected none with the sampler auto, whose network comes with its own";
        return Err(bad_input(format!("{name}: {why}")));
    }
    options.estimator = asked.adjusted();
    keywords.set("max_false_alarms", &mut options.max_false_alarms)?;
    keywords.set("min_essential_share", &mut options.min_essential_share)?;
    keywords.set("multiple_models", &mut options.multiple_models)?;
    keywords.set("detect_watermark", &mut options.detect_watermark)?;
    Ok(options)
}

/// A value as Python's own types.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(value).map_err(|error| bad_input(error.to_string()))?;
    py.import("json")?.call_method1("loads", (text,))
}
