use crate::errors::{Result, bad_input, thrown};
use crate::fields::Fields;
use crate::options::Asked;
use crate::problem::model;
use js_sys::Array;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::layout::PairInput;
use nabla_ransac::kernels::{HostBuffers, Priors};
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{Error, Estimator, ModelKind};
use wasm_bindgen::prelude::*;

/// The estimator from GPU buffers to GPU buffers, for a page that renders what it finds: nothing is read back.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct Pipeline {
    context: Context,
    pipeline: GpuPipeline,
    threshold_px: f32,
    kind: ModelKind,
}

impl Pipeline {
    pub(crate) async fn new(estimator: &Estimator, asked: &Asked, options: &JsValue) -> Result<Self> {
        let mut fields = Fields::new(options, "options")?;
        let kind = model(&mut fields)?;
        let matches =
            fields.whole("maxMatches")?.ok_or_else(|| bad_input("maxMatches: expected a number, but there is none"))?;
        let pairs = fields.whole("maxPairs")?.unwrap_or(1);
        let priors = if fields.flag("lastAsPrior")?.unwrap_or(false) { Priors::LastResults } else { Priors::None };
        fields.finish()?;
        let no_gpu = || Error::NoAdapter {
            details: "a pipeline works on WebGPU alone, this estimator is on the CPU".to_owned(),
        };
        let context = estimator.context().ok_or_else(no_gpu).map_err(thrown)?.clone();
        let host = HostBuffers { priors, ..HostBuffers::default() };
        let options = asked.adjusted();
        let pipeline =
            GpuPipeline::new(context.clone(), kind, &options, [pairs, matches], host).await.map_err(thrown)?;
        Ok(Self { context, pipeline, threshold_px: options.threshold_px as f32, kind })
    }
}

#[wasm_bindgen]
impl Pipeline {
    /// The `GPUBuffer` of the matches, four numbers each.
    #[wasm_bindgen(getter)]
    pub fn matches(&self) -> JsValue {
        handle(self.pipeline.raw_matches())
    }

    /// The `GPUBuffer` of the results, 80 bytes a pair.
    #[wasm_bindgen(getter)]
    pub fn results(&self) -> JsValue {
        handle(self.pipeline.results())
    }

    /// The `GPUBuffer` of the mask, a word a match.
    #[wasm_bindgen(getter, js_name = inlierMask)]
    pub fn inlier_mask(&self) -> JsValue {
        handle(self.pipeline.inlier_mask())
    }

    /// Submits the estimation of these pairs of matches, ahead of what the page submits next.
    pub fn submit(&self, pairs: Array) -> Result<()> {
        let inputs = pairs.iter().map(|pair| self.input(&pair)).collect::<Result<Vec<_>>>()?;
        self.context.check_lost().map_err(thrown)?;
        self.pipeline.write_pairs(&inputs).map_err(thrown)?;
        let mut encoder = self.context.encoder("estimate");
        self.pipeline.encode(&mut encoder);
        self.context.queue().submit([encoder.finish()]);
        Ok(())
    }

    fn input(&self, pair: &JsValue) -> Result<PairInput> {
        let mut fields = Fields::new(pair, "pair")?;
        let seed = fields.seed("seed")?.unwrap_or(0);
        let needed = match self.kind {
            ModelKind::Essential => 2,
            ModelKind::Pose => 1,
            _ => 0,
        };
        let mut camera = |name, is_needed: bool| match (fields.numbers(name)?.as_deref(), is_needed) {
            (Some(&[fx, fy, cx, cy]), _) => Ok([fx, fy, cx, cy].map(|number| number as f32)),
            (None, false) => Ok([0.0; 4]),
            (None, true) => Err(bad_input(&format!("{name}: expected [fx, fy, cx, cy], but there is none"))),
            (Some(others), _) => {
                let found = others.len();
                Err(bad_input(&format!("{name}: expected [fx, fy, cx, cy], but there are {found} numbers")))
            }
        };
        let input = PairInput {
            camera1: camera("camera1", needed > 0)?,
            camera2: camera("camera2", needed > 1)?,
            skew: [0.0; 2],
            threshold: fields.number("thresholdPx")?.map_or(self.threshold_px, |threshold_px| threshold_px as f32),
            match_start: fields.whole("matchStart")?.unwrap_or(0),
            match_count: fields.whole("matchCount")?.unwrap_or(0),
            seed_low: seed as u32,
            seed_high: (seed >> 32) as u32,
            enabled: 1,
        };
        fields.finish()?;
        Ok(input)
    }
}

fn handle(buffer: &wgpu::Buffer) -> JsValue {
    buffer.as_webgpu().map_or(JsValue::NULL, |buffer| buffer.clone().into())
}
