use crate::errors::{Result, placed, thrown};
use crate::fields::Fields;
use crate::options::Asked;
use crate::pipeline::Pipeline;
use crate::problem::problem;
use crate::results::result;
use js_sys::{Array, Float32Array};
use nabla_ransac::cpu::rank::predict_logits::sigmoid;
use nabla_ransac::data::OwnedProblem;
use nabla_ransac::network::{GpuRanker, LearnedEstimator, RankInput, Ranker};
use nabla_ransac::{Backend, Error, ModelKind, Problem, Result as LibraryResult};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Estimates models of any kind. Made once, used for any number of problems.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct Estimator {
    asked: Asked,
    base: nabla_ransac::Estimator,
    /// Those of each kind that was asked for.
    learned: RefCell<HashMap<ModelKind, Rc<LearnedEstimator>>>,
}

#[wasm_bindgen]
impl Estimator {
    /// An estimator; asks for a device, unless the CPU is asked for.
    pub async fn create(options: JsValue) -> Result<Self> {
        let mut fields = Fields::new(&options, "options")?;
        let asked = Asked::take(&mut fields)?;
        fields.finish()?;
        let base = asked.estimator().await?;
        Ok(Self { asked, base, learned: RefCell::default() })
    }

    /// `gpu` or `cpu`.
    #[wasm_bindgen(getter)]
    pub fn backend(&self) -> String {
        let name = if self.base.backend() == Backend::Gpu { "gpu" } else { "cpu" };
        name.to_owned()
    }

    /// The adapter's name, or `CPU`.
    #[wasm_bindgen(getter, js_name = deviceName)]
    pub fn device_name(&self) -> String {
        self.base.device_name()
    }

    /// The `GPUDevice`, or null on the CPU.
    #[wasm_bindgen(getter)]
    pub fn device(&self) -> JsValue {
        let device = self.base.context().and_then(|context| context.device().as_webgpu());
        device.map_or(JsValue::NULL, |device| device.clone().into())
    }

    /// Estimates one model.
    pub async fn estimate(&self, problem: JsValue) -> Result<JsValue> {
        let outcomes = self.all(&[problem]).await;
        outcomes.into_iter().next().unwrap_or(Ok(JsValue::NULL))
    }

    /// Estimates one model a problem; of one that is wrong its place has the error.
    #[wasm_bindgen(js_name = estimateBatch)]
    pub async fn estimate_batch(&self, problems: Array) -> Array {
        let problems: Vec<JsValue> = problems.iter().collect();
        let found = self.all(&problems).await;
        let each = found.into_iter().enumerate();
        each.map(|(place, found)| found.unwrap_or_else(|error| placed(&error, place))).collect()
    }

    /// How likely each match is right, as the network that ships for the model says.
    pub async fn rank(&self, problem: JsValue) -> Result<Float32Array> {
        let (kind, problem) = crate::problem::problem(&problem)?;
        let logits = self.logits(kind, &problem).await.map_err(thrown)?;
        // what is seen along no ray is never right
        let mut all = problem.of_all(&logits, f32::NEG_INFINITY);
        all.iter_mut().for_each(|value| *value = sigmoid(*value));
        Ok(Float32Array::from(all.as_slice()))
    }

    /// A pipeline from GPU buffers to GPU buffers.
    pub async fn pipeline(&self, options: JsValue) -> Result<Pipeline> {
        Pipeline::new(&self.base, &self.asked, &options).await
    }
}

impl Estimator {
    async fn all(&self, problems: &[JsValue]) -> Vec<Result<JsValue>> {
        let problems: Vec<Result<(ModelKind, OwnedProblem)>> = problems.iter().map(problem).collect();
        let mut found: Vec<Option<Result<JsValue>>> = problems.iter().map(|_| None).collect();
        for kind in ModelKind::ALL {
            let of_kind = problems.iter().enumerate().filter_map(|(place, problem)| {
                let (its_kind, problem) = problem.as_ref().ok()?;
                (*its_kind == kind).then_some((place, problem))
            });
            let of_kind: Vec<_> = of_kind.collect();
            for ((place, _), result) in of_kind.iter().zip(self.of_kind(kind, &of_kind).await) {
                found[*place] = Some(result);
            }
        }
        let each = problems.into_iter().zip(found);
        each.map(|(problem, found)| problem.and_then(|_| found.unwrap_or(Ok(JsValue::NULL)))).collect()
    }

    async fn of_kind(&self, kind: ModelKind, problems: &[(usize, &OwnedProblem)]) -> Vec<Result<JsValue>> {
        if problems.is_empty() {
            return Vec::new();
        }
        let estimator = match self.learned(kind) {
            Ok(estimator) => estimator,
            Err(error) => return problems.iter().map(|_| Err(error.clone())).collect(),
        };
        let made: Vec<LibraryResult<Problem<'_>>> = problems.iter().map(|(_, problem)| problem.problem(kind)).collect();
        let ready: Vec<Problem<'_>> = made.iter().flatten().copied().collect();
        let mut outcomes = estimator.estimate_batch_async(&ready).await.into_iter();
        let no_answer = || Err(Error::Device("the batch gave no answer".to_owned()));
        let each = problems.iter().zip(made).map(|((_, problem), made)| {
            let outcome = made.and_then(|_| outcomes.next().unwrap_or_else(no_answer)).map_err(thrown)?;
            result(kind, problem, &outcome)
        });
        each.collect()
    }

    fn learned(&self, kind: ModelKind) -> Result<Rc<LearnedEstimator>> {
        if let Some(made) = self.learned.borrow().get(&kind) {
            return Ok(Rc::clone(made));
        }
        let made = Rc::new(self.asked.learned(&self.base, kind)?);
        self.learned.borrow_mut().insert(kind, Rc::clone(&made));
        Ok(made)
    }

    async fn logits(&self, kind: ModelKind, problem: &OwnedProblem) -> LibraryResult<Vec<f32>> {
        let ranker = Ranker::shipped(kind)?;
        let problem = problem.problem(kind)?;
        let input = RankInput::of(&problem);
        let Some(context) = self.base.context() else { return ranker.logits(&input) };
        let room = [1, input.matches.lengths()[0].max(1) as u32];
        let mut on_gpu = GpuRanker::new(context.clone(), ranker.weights(), room, Default::default()).await?;
        let logits = on_gpu.logits_async(&[input]).await?;
        Ok(logits.into_iter().next().unwrap_or_default())
    }
}
