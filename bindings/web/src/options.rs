//! Options of the estimator, by the library's names in the page's spelling.

use crate::errors::{Result, thrown};
use crate::fields::Fields;
use nabla_ransac::network::{LearnedEstimator, Unguided};
use nabla_ransac::{Estimator, ModelKind, Options};

/// What the estimator is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    options: Options,
    unguided: Unguided,
}

impl Asked {
    /// Takes the estimator's options.
    pub(crate) fn take(fields: &mut Fields<'_>) -> Result<Self> {
        let [at_least, at_most] = [fields.whole("minIterations")?, fields.whole("maxIterations")?];
        let mut options = Options::default().with_iterations(at_least, at_most);
        fields.set("backend", &mut options.backend, Fields::named)?;
        fields.set("thresholdPx", &mut options.threshold_px, Fields::number)?;
        fields.set("confidence", &mut options.confidence, Fields::number)?;
        fields.set("minInliers", &mut options.min_inliers, Fields::whole)?;
        fields.set("sampler", &mut options.sampler, Fields::named)?;
        fields.set("sampleRatioBelow", &mut options.sample_ratio_below, Fields::number)?;
        fields.set("oneToOne", &mut options.one_to_one, Fields::flag)?;
        fields.set("score", &mut options.score, Fields::named)?;
        fields.set("residual", &mut options.residual, Fields::named)?;
        fields.set("keyPoints", &mut options.key_points, Fields::flag)?;
        fields.set("useAll", &mut options.use_all, Fields::flag)?;
        fields.set("diagnose", &mut options.diagnose, Fields::flag)?;
        let asked = Self {
            options,
            unguided: Unguided {
                weigh_score: fields.flag("weighScore")?,
                weigh_refinement: fields.flag("weighRefinement")?,
                coherent: fields.flag("coherent")?,
            },
        };
        asked.adjusted().check().map_err(thrown)?;
        Ok(asked)
    }

    /// The estimator without a network.
    pub(crate) async fn estimator(&self) -> Result<Estimator> {
        Estimator::new_async(self.adjusted()).await.map_err(thrown)
    }

    /// The estimator of a kind, on the device of another.
    pub(crate) fn learned(&self, beside: &Estimator, kind: ModelKind) -> Result<LearnedEstimator> {
        LearnedEstimator::beside(beside, self.options.clone(), kind, |options| self.unguided.adjust(options))
            .map_err(thrown)
    }

    /// With what is asked for in place of the library's defaults.
    pub(crate) fn adjusted(&self) -> Options {
        let mut options = self.options.clone();
        self.unguided.adjust(&mut options);
        options
    }
}
