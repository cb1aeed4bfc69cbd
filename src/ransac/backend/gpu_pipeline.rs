//! The estimator on the GPU, encoded into a host's frame: rounds of sample → solve → pack → score → select → refine → plan,
//! then the final refinement and the mask; nothing is read back and nothing allocated.

use crate::ransac::{
    Options,
    backend::{
        gpu_last_stages::{LastStage, catch_up_stage, last_stages, local_stage},
        gpu_settings::{arrays, capacity_for, settings},
    },
    stages::{
        coherence::serves,
        weights::{Given, rules, uses_key_points},
    },
};
use crate::{
    Error, ModelKind, Result,
    gpu::{Context, Shader, TypedBuffer},
    kernels::{self, Buffers, Capacity, HostBuffers, Priors, Stage, Variant, layout, solve::solver},
};

/// Estimates models of one kind for many pairs at once, from GPU buffers to GPU buffers.
///
/// Write the pairs with [`Self::write_pairs`] and the matches into [`Self::raw_matches`] (or give the host's own buffer), then
/// [`Self::encode`] into any command encoder; [`Self::results`] and [`Self::inlier_mask`] hold the outcome when it was
/// submitted. [`Self::encode_pairs`] does both, for more than one set of pairs a submission.
#[derive(Debug)]
pub struct GpuPipeline {
    pub(super) context: Context,
    capacity: Capacity,
    pub(super) settings: layout::Settings,
    pub(super) buffers: Buffers,
    pub(super) stages: Stages,
}

#[derive(Debug)]
pub(super) struct Stages {
    pub(super) weigh: Stage,
    pub(super) normalize: Stage,
    pub(super) plan: Stage,
    pub(super) sample: Stage,
    pub(super) solve: Stage,
    pub(super) pack: Stage,
    pub(super) score: Stage,
    pub(super) select: Stage,
    /// Where anything is expected: what places and what refines it.
    pub(super) prior: Option<[Stage; 2]>,
    pub(super) refine: Stage,
    pub(super) last: Vec<LastStage>,
}

impl GpuPipeline {
    /// A pipeline for models of `kind`, with all its buffers; `matches` is the room for those of all pairs together.
    ///
    /// Weights, SNN ratios, key points and priors are used where the host gives their buffers.
    ///
    /// # Errors
    /// [`Error::BadOption`]; [`Error::MissingInput`]; [`Error::BadBuffer`] for one of the host's that is too small; [`Error::OutOfMemory`]
    /// when a buffer would exceed the device's limit; [`Error::DeviceMemory`]; [`Error::Device`].
    pub async fn new(
        context: Context,
        kind: ModelKind,
        options: &Options,
        [pairs, matches]: [u32; 2],
        host: HostBuffers,
    ) -> Result<Self> {
        options.check()?;
        if options.use_all {
            let expected = "false, where matches stay on the GPU";
            return Err(Error::BadOption { name: "use_all", expected, found: "true".to_owned() });
        }
        let given = Given {
            weights: host.weights.is_some(),
            ratios: host.ratios.is_some(),
            key_points: host.key_points.is_some() && uses_key_points(kind, options),
            prior: !matches!(host.priors, Priors::None),
        };
        let capacity = Capacity { pairs, matches, ..capacity_for(options, given) };
        Self::with_given(context, kind, options, capacity, given, host).await
    }

    /// [`Self::new`], blocking.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new_blocking(
        context: Context,
        kind: ModelKind,
        options: &Options,
        capacity: [u32; 2],
        host: HostBuffers,
    ) -> Result<Self> {
        pollster::block_on(Self::new(context, kind, options, capacity, host))
    }

    pub(crate) async fn with_given(
        context: Context,
        kind: ModelKind,
        options: &Options,
        capacity: Capacity,
        given: Given,
        host: HostBuffers,
    ) -> Result<Self> {
        let rules = rules(kind, options, given)?;
        let [needed, available] = [capacity.largest_buffer(kind), context.max_storage_bytes()];
        if needed > available {
            return Err(Error::OutOfMemory { needed, available });
        }
        let variant = Variant { kind, residual: options.residual, score: options.score };
        host.check(&context, variant.match_vectors(), capacity.matches)?;
        host.check_priors(&context, capacity.pairs)?;
        let needed = arrays(&rules, given, options.coherent && serves(kind));
        let settings = settings(variant, options, capacity, &rules, given);
        let made = context.catch(|| {
            let buffers = Buffers::new(&context, variant, capacity, needed, host);
            let stages = Stages::new(&context, variant, options, capacity, given, &buffers);
            (buffers, stages)
        });
        let (buffers, stages) = made.await?;
        Ok(Self { context, capacity, settings, buffers, stages })
    }

    /// How much it takes at once.
    pub const fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Sets the pairs of the next submissions, ahead of them; none is fine. Their matches are ranges of [`Self::raw_matches`], each of one pair alone.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] with the numbers of bytes when there are more pairs than the capacity, or a range ends beyond it.
    pub fn write_pairs(&self, pairs: &[layout::PairInput]) -> Result<()> {
        self.used(pairs)?;
        self.buffers.inputs.write(&self.context, 0, pairs);
        self.buffers.settings.write(&self.context, 0, &[self.settings_for(pairs.len())]);
        Ok(())
    }

    /// What of the capacity the pairs use.
    pub(super) fn used(&self, pairs: &[layout::PairInput]) -> Result<Capacity> {
        let room = [u64::from(self.capacity.pairs), u64::from(self.capacity.matches)];
        let end = pairs.iter().map(|pair| u64::from(pair.match_start) + u64::from(pair.match_count)).max();
        let used = [pairs.len() as u64, end.unwrap_or(0)];
        for (used, room, size) in [(used[0], room[0], size_of::<layout::PairInput>()), (used[1], room[1], 16)] {
            if used > room {
                return Err(Error::OutOfMemory { needed: used * size as u64, available: room * size as u64 });
            }
        }
        Ok(Capacity { pairs: used[0] as u32, matches: used[1] as u32, ..self.capacity })
    }

    pub(super) fn settings_for(&self, pairs: usize) -> layout::Settings {
        layout::Settings { pair_count: pairs as u32, ..self.settings }
    }

    /// The matches, in pixels: `x1 y1 x2 y2` of two views; `X Y Z 0, x y 0 0` of a pose; `X1 Y1 Z1 0, X2 Y2 Z2 0` of a
    /// rigid transform.
    pub const fn raw_matches(&self) -> &TypedBuffer<[f32; 4]> {
        &self.buffers.raw_matches
    }

    /// What is expected of each pair, for the host to write where it asked for [`Priors::Written`].
    pub const fn priors(&self) -> &TypedBuffer<layout::PairResult> {
        &self.buffers.priors
    }

    /// The result of each pair; with uniform usage, so that a vertex shader may read one as it is.
    pub const fn results(&self) -> &TypedBuffer<layout::PairResult> {
        &self.buffers.results
    }

    /// 1 for each match that is an inlier of its pair's model, else 0.
    pub const fn inlier_mask(&self) -> &TypedBuffer<u32> {
        &self.buffers.inlier_mask
    }

    /// All its buffers.
    pub const fn buffers(&self) -> &Buffers {
        &self.buffers
    }
}

impl Stages {
    fn new(
        context: &Context,
        variant: Variant,
        options: &Options,
        capacity: Capacity,
        given: Given,
        buffers: &Buffers,
    ) -> Self {
        let b = buffers;
        let place_prior = || {
            [
                kernels::search::place_prior::stage(context, variant, b),
                catch_up_stage(context, variant, options, capacity, b),
            ]
        };
        let Shader { name, parts } = solver::shader(variant.kind);
        Self {
            weigh: kernels::search::weigh_matches::stage(context, variant, b),
            normalize: kernels::search::normalize_matches::stage(context, variant, b),
            plan: kernels::search::plan_round::stage(context, variant, b),
            sample: kernels::search::sample_minimal::stage(context, variant, b),
            solve: Stage::new(context, name, parts, &[&b.round_counts, &b.points, &b.models, &b.model_counts]),
            pack: kernels::search::pack_models::stage(context, variant, b),
            score: kernels::search::score_models::stage(context, variant, b),
            select: kernels::search::select_best::stage(context, variant, b),
            prior: given.prior.then(place_prior),
            refine: local_stage(context, variant, b),
            last: last_stages(context, variant, options, capacity, b),
        }
    }
}
