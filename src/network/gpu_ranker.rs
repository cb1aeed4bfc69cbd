use super::step::{Slot, Step};
use super::steps::steps;
use super::{Architecture, NetworkConfig, RankInput, Weights, features};
use crate::constants::{EDGE_COLUMNS, NEIGHBOUR_ROWS, NORM_CHANNELS, POOLED_EDGES, TILE_COLUMNS, TILE_ROWS};
use crate::gpu::{Context, ReadBack, TypedBuffer, Upload};
use crate::kernels::{self, HostBuffers, Stage, Workgroups, buffers::of_host_or_new, layout::LayerShape};
use crate::ransac::stages::coordinates::{coordinates, key_points_of, origins, ratios_of};
use crate::{Error, Result};

/// A network that ranks matches, on the GPU: many pairs at once, packed one after the other.
///
/// Write the pairs with [`Self::write`], or their matches and what is known of them into the buffers and their numbers with
/// [`Self::write_counts`]; then [`Self::encode`] into any command encoder. [`Self::logits`] and [`Self::probabilities`] hold a number
/// a match once it was submitted. A [`GpuPipeline`](crate::ransac::GpuPipeline) made with [`Self::host_buffers`] and encoded after it
/// estimates from the same matches, weighed by the probabilities, with no read-back.
#[derive(Debug)]
pub struct GpuRanker {
    context: Context,
    config: NetworkConfig,
    capacity: [u32; 2],
    buffers: Buffers,
    stages: Vec<(Stage, Grid)>,
    /// Pairs and matches written last.
    written: [u32; 2],
}

/// How many workgroups a stage has.
#[derive(Clone, Copy, Debug)]
enum Grid {
    /// So many workgroups for each pair.
    Pair(u32),
    /// So many workgroups for each so many matches.
    Rows(u32, u32),
    /// A workgroup for each so many matches of a pair, none of two pairs.
    Chunks(u32),
    /// 64 invocations a workgroup, so many invocations for each match.
    Invocations(u32),
}

impl Grid {
    const fn workgroups(self, [pairs, matches]: [u32; 2]) -> u32 {
        match self {
            Self::Pair(workgroups) => pairs * workgroups,
            Self::Rows(workgroups, rows) => matches.div_ceil(rows) * workgroups,
            Self::Chunks(rows) => matches / rows + pairs,
            Self::Invocations(each) => (matches * each).div_ceil(64),
        }
    }
}

impl GpuRanker {
    /// A ranker with all its buffers, for so many pairs at most and so many matches of all pairs together; matches, SNN ratios and key
    /// points may be buffers of the host, whose ratios below 0 and scales of 0 are not known.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when a buffer would exceed the device's limit; [`Error::BadBuffer`] for one of the host's that does not
    /// serve; [`Error::BadOption`] for those of CLNet, whose rows the CPU makes; [`Error::Device`].
    pub async fn new(context: Context, weights: &Weights, capacity: [u32; 2], host: HostBuffers) -> Result<Self> {
        context.catch(|| Self::made(&context, weights, capacity, host)).await?
    }

    /// [`Self::new`], blocking; not for browsers.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new_blocking(context: Context, weights: &Weights, capacity: [u32; 2], host: HostBuffers) -> Result<Self> {
        pollster::block_on(Self::new(context, weights, capacity, host))
    }

    /// [`Self::new`], for who catches the device's errors.
    pub(super) fn made(context: &Context, weights: &Weights, capacity: [u32; 2], host: HostBuffers) -> Result<Self> {
        let config = *weights.config();
        let [needed, available] = [largest_buffer(&config, capacity[1].into()), context.max_storage_bytes()];
        if needed > available {
            return Err(Error::OutOfMemory { needed, available });
        }
        check_host(context, &config, capacity, &host)?;
        let buffers = Buffers::new(context, &config, capacity, host);
        let stages = buffers.stages(context, weights);
        Ok(Self { context: context.clone(), config, capacity, buffers, stages, written: [0; 2] })
    }

    /// Its configuration.
    pub const fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// Sets the pairs of the next submissions.
    ///
    /// # Errors
    /// Those of [`Features::new`](super::Features::new) for any of them; [`Error::OutOfMemory`] when they exceed the
    /// capacity.
    pub fn write(&mut self, inputs: &[RankInput<'_>]) -> Result<()> {
        match self.config.architecture {
            Architecture::Neighbours => self.write_known(inputs),
            Architecture::Clnet => self.write_rows(inputs),
        }
    }

    /// Their matches, and what is known of these.
    fn write_known(&mut self, inputs: &[RankInput<'_>]) -> Result<()> {
        let (mut matches, mut ratios, mut key_points) = (Vec::new(), Vec::new(), Vec::new());
        let mut counts = Vec::with_capacity(inputs.len());
        for input in inputs {
            input.check()?;
            let count = input.matches.lengths()[0];
            counts.push(count as u32);
            matches.extend(coordinates(&input.matches, &origins(&input.matches)));
            ratios.extend_from_slice(&ratios_of(input.ratios, count));
            key_points.extend(key_points_of(input.scales_px, input.angles_deg, count));
        }
        self.write_counts(&counts)?;
        self.buffers.raw_matches.write(&self.context, 0, &matches);
        self.buffers.ratios.write(&self.context, 0, &ratios);
        self.buffers.key_points.write(&self.context, 0, &key_points);
        Ok(())
    }

    /// Their rows, made here.
    fn write_rows(&mut self, inputs: &[RankInput<'_>]) -> Result<()> {
        let (mut all_matches, mut rows) = (Vec::new(), Vec::new());
        let mut counts = Vec::with_capacity(inputs.len());
        for input in inputs {
            let (matches, of_pair) = features::rows(input, &self.config)?;
            counts.push(matches.len() as u32);
            all_matches.extend(matches);
            rows.extend(of_pair);
        }
        self.write_counts(&counts)?;
        self.buffers.matches.write(&self.context, 0, &all_matches);
        self.buffers.rows.write(&self.context, 0, &rows);
        Ok(())
    }

    /// Sets how many matches each pair of the next submissions has; they follow one another in [`Self::raw_matches`], [`Self::ratios`]
    /// and [`Self::key_points`], or in [`Self::matches`] and [`Self::rows`] for CLNet.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] with the numbers of bytes when they exceed the capacity.
    pub fn write_counts(&mut self, counts: &[u32]) -> Result<()> {
        let used = [counts.len() as u64, counts.iter().map(|&count| u64::from(count)).sum()];
        for (used, room, size) in
            [(used[0], self.capacity[0], 4), (used[1], self.capacity[1], 4 * self.config.inputs() as u64)]
        {
            if used > u64::from(room) {
                return Err(Error::OutOfMemory { needed: used * size, available: u64::from(room) * size });
            }
        }
        self.written = used.map(|used| used as u32);
        self.buffers.batch.write(&self.context, 0, &packed(counts));
        Ok(())
    }

    /// [`Self::write_counts`] of counts that fit, as a part of an upload of [`Self::upload_bytes`].
    pub(super) fn upload_counts(&self, upload: &mut Upload, counts: &[u32]) {
        upload.begin(&self.buffers.batch, 0);
        upload.add(&packed(counts));
    }

    /// The buffers for a [`GpuPipeline`](crate::ransac::GpuPipeline) that estimates from the same matches, weighed by
    /// [`Self::probabilities`]. Where no ratios or no key points are known of any match, leave them out.
    pub fn host_buffers(&self) -> HostBuffers {
        let Buffers { raw_matches, ratios, key_points, probabilities, .. } = &self.buffers;
        HostBuffers {
            matches: Some(raw_matches.part()),
            weights: Some(probabilities.part()),
            ratios: Some(ratios.part()),
            key_points: Some(key_points.part()),
            ..HostBuffers::default()
        }
    }

    /// x1 y1 x2 y2 of all matches, pixels.
    pub const fn raw_matches(&self) -> &TypedBuffer<[f32; 4]> {
        &self.buffers.raw_matches
    }

    /// The SNN ratio of each match; −1 at first, not known.
    pub const fn ratios(&self) -> &TypedBuffer<f32> {
        &self.buffers.ratios
    }

    /// The scales of each match's key points in image 1 and 2, pixels, and their orientations, degrees; 0 at first, not known.
    pub const fn key_points(&self) -> &TypedBuffer<[f32; 4]> {
        &self.buffers.key_points
    }

    /// x1 y1 x2 y2 of all matches, normalised.
    pub const fn matches(&self) -> &TypedBuffer<[f32; 4]> {
        &self.buffers.matches
    }

    /// The input rows of all matches.
    pub const fn rows(&self) -> &TypedBuffer<f32> {
        &self.buffers.rows
    }

    /// The logit of each match.
    pub const fn logits(&self) -> &TypedBuffer<f32> {
        &self.buffers.logits
    }

    /// The probability of each match: weights for the estimator.
    pub const fn probabilities(&self) -> &TypedBuffer<f32> {
        &self.buffers.probabilities
    }

    /// Encodes the network for the pairs written last.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        self.encode_observed(encoder, |_, _| {});
    }

    /// [`Self::encode`], with a call before each stage that is given the stage's name, and one after the last that is given
    /// `end`: for timestamps.
    pub fn encode_observed(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        before: impl FnMut(&mut wgpu::ComputePass<'_>, &'static str),
    ) {
        self.encode_sized(encoder, self.written, before);
    }

    /// The same for so many pairs and matches.
    pub(super) fn encode_sized(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        used: [u32; 2],
        mut before: impl FnMut(&mut wgpu::ComputePass<'_>, &'static str),
    ) {
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("rank"), ..Default::default() });
        for (stage, grid) in &self.stages {
            before(&mut pass, stage.name());
            stage.encode(&mut pass, Workgroups::Count(grid.workgroups(used)));
        }
        before(&mut pass, "end");
    }

    /// The logits of some pairs; blocks.
    ///
    /// # Errors
    /// Those of [`Self::logits_async`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn logits_blocking(&mut self, inputs: &[RankInput<'_>]) -> Result<Vec<Vec<f32>>> {
        let bytes = self.submit(inputs)?.wait_blocking(&self.context)?;
        split(inputs, &bytes)
    }

    /// The logits of some pairs; waits for them without blocking.
    ///
    /// # Errors
    /// Those of [`Self::write`]; [`Error::Device`]; [`Error::NotFinite`] when the network overflows.
    pub async fn logits_async(&mut self, inputs: &[RankInput<'_>]) -> Result<Vec<Vec<f32>>> {
        let bytes = self.submit(inputs)?.wait(&self.context).await?;
        split(inputs, &bytes)
    }

    fn submit(&mut self, inputs: &[RankInput<'_>]) -> Result<ReadBack> {
        self.write(inputs)?;
        let mut encoder = self.context.encoder("rank");
        self.encode(&mut encoder);
        let sources = [(&**self.logits(), TypedBuffer::<f32>::bytes(self.written[1] as usize))];
        let read_back = ReadBack::encode(&self.context, &mut encoder, &sources);
        Ok(read_back.submit(&self.context, encoder))
    }
}

/// The logits of each pair, out of what was read back.
fn split(inputs: &[RankInput<'_>], bytes: &[Vec<u8>]) -> Result<Vec<Vec<f32>>> {
    let all: Vec<f32> = bytemuck::pod_collect_to_vec(bytes.first().map_or(&[][..], Vec::as_slice));
    let mut rest = all.as_slice();
    inputs
        .iter()
        .map(|input| {
            let (logits, after) = rest.split_at(input.matches.lengths()[0]);
            rest = after;
            match logits.iter().position(|logit| !logit.is_finite()) {
                Some(index) => Err(Error::NotFinite { what: "logit", index, value: logits[index].into() }),
                None => Ok(logits.to_vec()),
            }
        })
        .collect()
}

/// Where each pair begins, as shaders read it.
fn packed(counts: &[u32]) -> Vec<u32> {
    let ends = counts.iter().scan(0, |end, &count| {
        *end += count;
        Some(*end)
    });
    [counts.len() as u32, 0].into_iter().chain(ends).collect()
}

/// Bytes of the largest buffer for so many matches.
pub(super) fn largest_buffer(config: &NetworkConfig, matches: u64) -> u64 {
    4 * columns(config).max().unwrap_or(0) as u64 * matches
}

/// Bytes for each match.
pub(super) fn bytes_per_match(config: &NetworkConfig) -> u64 {
    4 * columns(config).sum::<usize>() as u64
}

/// Numbers of a match, of 32 bits, in each buffer: points in pixels and normalised, key points, ratio, logit and probability; input
/// row; neighbours and edges; what steps write.
fn columns(config: &NetworkConfig) -> impl Iterator<Item = usize> {
    let known = [4, 4, 4, 1, 1, 1];
    let graph = [config.inputs(), config.neighbours, config.neighbours * config.edges()];
    known.into_iter().chain(graph).chain(Slot::WRITTEN.map(|slot| slot.columns(config)))
}

/// # Errors
/// [`Error::BadOption`]; [`Error::BadBuffer`].
fn check_host(context: &Context, config: &NetworkConfig, [_, matches]: [u32; 2], host: &HostBuffers) -> Result<()> {
    let HostBuffers { matches: coordinates, weights, ratios, key_points, .. } = host;
    if weights.is_some() {
        let expected = "none, where the network makes them";
        return Err(Error::BadOption { name: "the host's weights", expected, found: "a buffer".to_owned() });
    }
    let is_given = coordinates.is_some() || ratios.is_some() || key_points.is_some();
    if is_given && config.architecture == Architecture::Clnet {
        let expected = "none for CLNet, whose rows the CPU makes";
        return Err(Error::BadOption { name: "the host's buffers", expected, found: "a buffer".to_owned() });
    }
    host.check(context, 1, matches)
}

/// Every buffer but the weights, which the stages keep.
#[derive(Debug)]
struct Buffers {
    config: NetworkConfig,
    batch: TypedBuffer<u32>,
    raw_matches: TypedBuffer<[f32; 4]>,
    ratios: TypedBuffer<f32>,
    key_points: TypedBuffer<[f32; 4]>,
    matches: TypedBuffer<[f32; 4]>,
    rows: TypedBuffer<f32>,
    slots: [TypedBuffer<f32>; Slot::WRITTEN.len()],
    neighbours: TypedBuffer<u32>,
    edges: TypedBuffer<f32>,
    logits: TypedBuffer<f32>,
    probabilities: TypedBuffer<f32>,
}

impl Buffers {
    fn new(context: &Context, config: &NetworkConfig, [pairs, matches]: [u32; 2], host: HostBuffers) -> Self {
        let [pairs, matches] = [pairs, matches].map(|count| count as usize);
        let floats = |label, columns: usize| TypedBuffer::new(context, label, matches * columns);
        let known = if config.architecture == Architecture::Neighbours { matches } else { 0 };
        let unknown_ratios = || TypedBuffer::from_slice(context, "ratios", &ratios_of(None, known));
        Self {
            config: *config,
            batch: TypedBuffer::new(context, "packed pairs", pairs + 2),
            raw_matches: of_host_or_new(context, "matches in pixels", host.matches, known),
            ratios: host.ratios.map_or_else(unknown_ratios, |part| TypedBuffer::from_part(part, known)),
            key_points: of_host_or_new(context, "key points", host.key_points, known),
            matches: TypedBuffer::new(context, "matches", matches),
            // read in vectors of four
            rows: TypedBuffer::new(context, "input rows", (matches * config.inputs()).next_multiple_of(4)),
            slots: Slot::WRITTEN.map(|slot| floats("network rows", slot.columns(config))),
            neighbours: TypedBuffer::new(context, "neighbours", matches * config.neighbours),
            edges: floats("edges", config.neighbours * config.edges()),
            logits: floats("logits", 1),
            probabilities: floats("probabilities", 1),
        }
    }

    fn slot(&self, slot: Slot) -> &wgpu::Buffer {
        slot.place().map_or(&self.rows, |place| &self.slots[place])
    }

    fn stages(&self, context: &Context, weights: &Weights) -> Vec<(Stage, Grid)> {
        let graph = match self.config.architecture {
            Architecture::Neighbours => {
                vec![self.prepare_rows(context), self.find_neighbours(context), self.edge_features(context)]
            }
            Architecture::Clnet => Vec::new(),
        };
        graph.into_iter().chain(steps(weights).iter().map(|step| self.stage(context, step))).collect()
    }

    fn shape(&self, context: &Context, inputs: usize, outputs: usize, mode: u32) -> TypedBuffer<LayerShape> {
        let [inputs, outputs, neighbours] = [inputs, outputs, self.config.neighbours].map(|size| size as u32);
        TypedBuffer::from_slice(context, "layer shape", &[LayerShape { inputs, outputs, neighbours, mode }])
    }

    fn prepare_rows(&self, context: &Context) -> (Stage, Grid) {
        let buffers = [
            self.batch.binding(),
            self.raw_matches.binding(),
            self.ratios.binding(),
            self.key_points.binding(),
            // free until the first layer, and of 32 numbers a match or more
            self.slot(Slot::Wide).as_entire_binding(),
            self.matches.binding(),
            self.rows.binding(),
        ];
        (kernels::rank::prepare_rows::stage(context, buffers), Grid::Pair(1))
    }

    fn find_neighbours(&self, context: &Context) -> (Stage, Grid) {
        let shape = self.shape(context, self.config.inputs(), 0, 0);
        let buffers = [&*shape, &self.batch, &self.matches, &self.neighbours];
        (kernels::rank::find_neighbours::stage(context, buffers), Grid::Chunks(NEIGHBOUR_ROWS))
    }

    fn edge_features(&self, context: &Context) -> (Stage, Grid) {
        let shape = self.shape(context, self.config.inputs(), EDGE_COLUMNS, 0);
        let buffers = [&*shape, &self.batch, &self.matches, &self.rows, &self.neighbours, &self.edges];
        (kernels::rank::edge_features::stage(context, buffers), Grid::Invocations(self.config.neighbours as u32))
    }

    fn stage(&self, context: &Context, step: &Step) -> (Stage, Grid) {
        let channels = self.config.channels;
        let upload = |values: &[f32]| TypedBuffer::from_slice(context, "network weights", values);
        let joined = |first: &[f32], second: &[f32]| upload(&[first, second].concat());
        match step {
            Step::Linear { from, to, weight, bias, after } => {
                let shape = self.shape(context, weight.len() / bias.len(), bias.len(), *after as u32);
                let (weight, bias_buffer) = (upload(weight), upload(bias));
                let buffers = [&*shape, &self.batch, self.slot(*from), &weight, &bias_buffer, self.slot(*to)];
                let tiles_across = (bias.len() as u32).div_ceil(TILE_COLUMNS);
                (kernels::rank::linear_rows::stage(context, buffers), Grid::Rows(tiles_across, TILE_ROWS))
            }
            Step::Norm { from, to, gamma, beta, join } => {
                let shape = self.shape(context, channels, channels, *join as u32);
                let affine = joined(gamma, beta);
                let buffers = [&*shape, &self.batch, self.slot(*from), &affine, self.slot(*to)];
                (kernels::rank::segment_norm::stage(context, buffers), self.channel_groups())
            }
            Step::Pool { weight, bias } => {
                let shape = self.shape(context, EDGE_COLUMNS, channels, 0);
                let weight = joined(weight, bias);
                let [both, out] = [Slot::Wide, Slot::Hidden].map(|slot| self.slot(slot));
                let buffers = [&*shape, &self.batch, both, &self.neighbours, &self.edges, &weight, out];
                let rows = POOLED_EDGES / self.config.neighbours as u32;
                (kernels::rank::pool_neighbours::stage(context, buffers), Grid::Rows(1, rows))
            }
            Step::FeatureNeighbours => {
                let shape = self.shape(context, channels, 0, 0);
                let buffers = [&*shape, &self.batch, self.slot(Slot::State), &self.neighbours];
                (kernels::rank::feature_neighbours::stage(context, buffers), Grid::Rows(1, 16))
            }
            Step::Rings { bias } => {
                let shape = self.shape(context, 0, channels, 0);
                let [products, out] = [Slot::Wide, Slot::Rings].map(|slot| self.slot(slot));
                let buffers = [&*shape, &self.batch, products, &self.neighbours, &upload(bias), out];
                (kernels::rank::annular_rings::stage(context, buffers), Grid::Invocations(3 * channels as u32))
            }
            Step::Predict { weight, bias } => {
                let shape = self.shape(context, channels, 1, 0);
                let weight = joined(weight, &[*bias]);
                let state = self.slot(Slot::State);
                let buffers = [&*shape, &self.batch, state, &weight, &self.logits, &self.probabilities];
                (kernels::rank::predict_logits::stage(context, buffers), Grid::Invocations(1))
            }
            Step::Graph { variant } => {
                let shape = self.shape(context, channels, channels, *variant as u32);
                let [state, out] = [Slot::State, Slot::Hidden].map(|slot| self.slot(slot));
                let buffers = [&*shape, &self.batch, state, &self.logits, out];
                (kernels::rank::graph_convolution::stage(context, buffers), self.channel_groups())
            }
        }
    }

    /// [`NORM_CHANNELS`] of a pair a workgroup.
    const fn channel_groups(&self) -> Grid {
        Grid::Pair((self.config.channels as u32).div_ceil(NORM_CHANNELS))
    }
}
