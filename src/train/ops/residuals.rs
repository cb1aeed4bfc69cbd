//! What the operations on the residuals of packed matches share: soft inlier scores and error images.

use super::kernel::{Gradient, Kernel, Launch, Operand, Source, WORKGROUP, each_row};
use super::match_losses::error_parts;
use super::packing::Packing;
use super::solver::model_rows;
use super::spatial::kernel_width;
use crate::cpu::train::error_images::{BoundedMatches, residuals_backward_of, residuals_points_backward_of};
use crate::cpu::train::match_losses::Match;
use crate::gpu::shader_part;
use crate::{Error, ModelKind, Result};
use burn::tensor::Shape;
use std::fmt::Debug;
use std::sync::Arc;

/// Models over the matches of their pairs.
#[derive(Clone, Debug)]
pub(super) struct Residuals {
    pub(super) kind: ModelKind,
    pub(super) packing: Arc<Packing>,
    pub(super) hypotheses: usize,
    pub(super) max_error: f32,
}

impl Residuals {
    /// # Errors
    /// [`Error::LengthMismatch`] unless there is a row of coordinates a match and models have twelve entries;
    /// [`Error::BadOption`] where the models are no multiple of the pairs or the largest error is not positive and finite.
    pub(super) fn new(
        kind: ModelKind,
        [rows, entries]: [usize; 2],
        points: usize,
        packing: &Packing,
        max_error: f32,
    ) -> Result<Self> {
        packing.check_matches("points", points)?;
        if entries != 12 {
            return Err(Error::LengthMismatch { what: "entries of a model", expected: 12, found: entries });
        }
        check_positive("max_error", max_error)?;
        let hypotheses = packing.hypotheses(rows)?;
        Ok(Self { kind, packing: Arc::new(packing.clone()), hypotheses, max_error })
    }

    pub(super) fn rows(&self) -> usize {
        self.packing.pairs() * self.hypotheses
    }

    /// All matches in f64.
    pub(super) fn wide(&self, matches: &[f32]) -> Vec<Match> {
        let wide = |row: &[f32]| std::array::from_fn(|k| row.get(k).map_or(0.0, |&x| f64::from(x)));
        matches.chunks(kernel_width(self.kind)).map(wide).collect()
    }

    pub(super) fn pair<'a>(&self, pair: usize, matches: &'a [Match]) -> BoundedMatches<'a> {
        let matches = &matches[self.packing.rows(pair)];
        BoundedMatches { matches, metric: self.packing.metric(pair), max_error: f64::from(self.max_error) }
    }

    pub(super) fn params(&self, own: [u32; 2]) -> Vec<u32> {
        self.packing.params(self.hypotheses, &[self.max_error.to_bits(), own[0], own[1]])
    }
}

/// # Errors
/// [`Error::BadOption`] unless it is positive and finite.
pub(super) fn check_positive(name: &'static str, value: f32) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::BadOption { name, expected: "a positive number", found: value.to_string() })
}

/// What is made of the residuals.
pub(super) trait OfResiduals: Clone + Debug + Send + Sync + 'static {
    fn residuals(&self) -> &Residuals;
    fn params(&self) -> Vec<u32>;
    /// The derivative, by the residual r of a match, of the result of a row, given the gradient by all results; of the match
    /// with this place among so many of its pair.
    fn slope(&self, gradients: &[f32], row: usize, place: usize, count: usize, r: f64) -> f64;
    /// The shader of a kind for a pass.
    fn source(kind: ModelKind, pass: Pass) -> Source;
}

/// Which of the shaders.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pass {
    Forward,
    ByModels,
    ByPoints,
}

impl Pass {
    pub(super) const ALL: [Self; 3] = [Self::Forward, Self::ByModels, Self::ByPoints];
}

/// By models \[B, 12\] and by matches, which are the inputs.
pub(super) fn gradients(of: &impl OfResiduals) -> Vec<Gradient> {
    let by = |by_points: bool| Gradient {
        kernel: Arc::new(Backward { of: of.clone(), by_points }),
        operands: [0, 1].map(Operand::Input).to_vec(),
        report: None,
    };
    vec![by(false), by(true)]
}

/// Models, matches and the gradient by the results → that by the models, or by the matches.
#[derive(Debug)]
struct Backward<T> {
    of: T,
    by_points: bool,
}

impl<T: OfResiduals> Kernel for Backward<T> {
    fn outputs(&self) -> Vec<Shape> {
        let residuals = self.of.residuals();
        vec![if self.by_points {
            Shape::from([residuals.packing.matches(), kernel_width(residuals.kind)])
        } else {
            Shape::from([residuals.rows(), 12])
        }]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [models, matches, gradients] = inputs else { return };
        let residuals = self.of.residuals();
        let Residuals { kind, packing, hypotheses, .. } = residuals;
        let matches = residuals.wide(matches);
        let model = |row: usize| model_rows(&models[12 * row..]);
        let slope =
            |row: usize, count: usize| move |place: usize, r: f64| self.of.slope(gradients, row, place, count, r);
        if !self.by_points {
            each_row(&mut outputs[0], 12, |row, out| {
                let pair = residuals.pair(row / hypotheses, &matches);
                let gradient = residuals_backward_of(*kind, &model(row), &pair, slope(row, pair.matches.len()));
                for (out, g) in out.iter_mut().zip(gradient.as_flattened()) {
                    *out = *g as f32;
                }
            });
            return;
        }
        let mut pairs = vec![Vec::new(); packing.pairs()];
        each_row(&mut pairs, 1, |index, out| {
            let pair = residuals.pair(index, &matches);
            let count = pair.matches.len();
            out[0] = vec![Match::default(); count];
            for row in index * hypotheses..(index + 1) * hypotheses {
                residuals_points_backward_of(*kind, &model(row), &pair, slope(row, count), &mut out[0]);
            }
        });
        let width = kernel_width(*kind);
        for (out, sum) in outputs[0].chunks_mut(width).zip(pairs.iter().flatten()) {
            for (out, g) in out.iter_mut().zip(sum) {
                *out = *g as f32;
            }
        }
    }

    fn launch(&self) -> Launch {
        let residuals = self.of.residuals();
        let (pass, workgroups) = if self.by_points {
            (Pass::ByPoints, (residuals.packing.matches() as u32).div_ceil(WORKGROUP))
        } else {
            (Pass::ByModels, residuals.rows() as u32)
        };
        Launch::new(T::source(residuals.kind, pass), self.of.params(), workgroups)
    }
}

/// The parts of a shader of a kind: `forward`, or what gives `residual_slope`.
pub(super) fn source(
    name: &'static str,
    kind: ModelKind,
    pass: Pass,
    shared: &[&'static str],
    [forward, backward]: [&'static str; 2],
) -> Source {
    let mut parts = error_parts(kind);
    parts.push(shader_part!("shared/residual/bounded_residual"));
    parts.extend(shared);
    parts.extend(match pass {
        // the forward pass asks for no slope
        Pass::Forward => vec![NO_SLOPE, forward],
        Pass::ByModels => vec![backward, shader_part!("shared/residual/residuals_backward")],
        Pass::ByPoints => vec![backward, shader_part!("shared/residual/residuals_points_backward")],
    });
    Source { name, parts }
}

const NO_SLOPE: &str = "fn residual_slope(row: u32, count: u32, place: u32, r: f32) -> f32 { return 0.0; }";
