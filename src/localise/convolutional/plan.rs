use crate::constants::BLOCK_PX;
use crate::cpu::localise::plane::PlaneSize;
use crate::cpu::rank::linear_rows::After;

/// Which plane; plane 0 is what the network is given.
pub type PlaneId = usize;

/// A convolution, with weights of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// What its tensors begin with.
    pub name: String,
    /// Channels read and written.
    pub channels: [usize; 2],
    /// Pixels along a side of the neighbourhood: 1 or 3.
    pub side: usize,
    /// Every so many pixels along both axes make one.
    pub stride: usize,
    /// What follows.
    pub after: After,
}

impl Convolution {
    /// Rows of the matrix: a neighbourhood's numbers.
    pub const fn inputs(&self) -> usize {
        self.side * self.side * self.channels[0]
    }

    /// Names and shapes of its tensors: `NAME.weight` \[neighbourhood × in, out\], row by row, and `NAME.bias`.
    pub fn tensors(&self) -> [(String, Vec<usize>); 2] {
        let outputs = self.channels[1];
        let name = &self.name;
        [(format!("{name}.weight"), vec![self.inputs(), outputs]), (format!("{name}.bias"), vec![outputs])]
    }
}

/// A step of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Mean 0 and variance 1.
    Standardise,
    /// The means of blocks of 4 × 4 pixels.
    MeanBlocks,
    /// A convolution, which may add to what the plane written holds.
    Convolve(Convolution),
    /// Brings the plane read to the size of that written, and adds it.
    Enlarge,
}

/// What a network does, whatever its weights: steps, each from one plane to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    input_channels: usize,
    steps: Vec<(Step, PlaneId, PlaneId)>,
    planes: usize,
}

impl Plan {
    /// Without a step yet.
    pub const fn new(input_channels: usize) -> Self {
        Self { input_channels, steps: Vec::new(), planes: 1 }
    }

    /// Channels of what the network is given.
    pub const fn input_channels(&self) -> usize {
        self.input_channels
    }

    /// The steps with the plane that each reads and the one that it writes. The last one makes the answer.
    pub fn steps(&self) -> &[(Step, PlaneId, PlaneId)] {
        &self.steps
    }

    /// Its convolutions, in order.
    pub fn convolutions(&self) -> impl Iterator<Item = &Convolution> {
        self.steps.iter().filter_map(|(step, ..)| match step {
            Step::Convolve(convolution) => Some(convolution),
            _ => None,
        })
    }

    /// Names and shapes of the tensors.
    pub fn tensors(&self) -> impl Iterator<Item = (String, Vec<usize>)> {
        self.convolutions().flat_map(Convolution::tensors)
    }

    /// The plane that holds the answer.
    pub fn answer(&self) -> PlaneId {
        self.steps.last().map_or(0, |(.., to)| *to)
    }

    /// Channels of the answer.
    pub fn output_channels(&self) -> usize {
        self.channels(self.answer())
    }

    /// The size of each plane for an input of so many columns and rows.
    pub fn sizes(&self, columns: usize, rows: usize) -> Vec<PlaneSize> {
        let mut sizes = vec![PlaneSize { columns, rows, channels: self.input_channels }; self.planes];
        for (step, from, to) in &self.steps {
            let size = sizes[*from];
            sizes[*to] = match step {
                Step::Standardise => size,
                Step::MeanBlocks => size.every(BLOCK_PX),
                Step::Convolve(Convolution { channels, stride, .. }) => size.every(*stride).with_channels(channels[1]),
                Step::Enlarge => sizes[*to],
            };
        }
        sizes
    }

    fn channels(&self, plane: PlaneId) -> usize {
        self.sizes(1, 1)[plane].channels
    }

    fn add(&mut self, step: Step, from: PlaneId) -> PlaneId {
        self.steps.push((step, from, self.planes));
        self.planes += 1;
        self.planes - 1
    }

    pub(super) fn standardise(&mut self, from: PlaneId) -> PlaneId {
        self.add(Step::Standardise, from)
    }

    pub(super) fn mean_blocks(&mut self, from: PlaneId) -> PlaneId {
        self.add(Step::MeanBlocks, from)
    }

    pub(super) fn enlarge(&mut self, from: PlaneId, to: PlaneId) {
        self.steps.push((Step::Enlarge, from, to));
    }

    /// A convolution into a plane of its own. The shape is side, stride, channels.
    pub(super) fn convolve(&mut self, name: &str, from: PlaneId, shape: [usize; 3], after: After) -> PlaneId {
        let step = self.convolution(name, from, shape, after);
        self.add(step, from)
    }

    /// A convolution whose relu is added to a plane that is there.
    pub(super) fn convolve_into(&mut self, name: &str, from: PlaneId, to: PlaneId, side: usize, stride: usize) {
        let step = self.convolution(name, from, [side, stride, self.channels(to)], After::AddRelu);
        self.steps.push((step, from, to));
    }

    fn convolution(&self, name: &str, from: PlaneId, [side, stride, outputs]: [usize; 3], after: After) -> Step {
        let channels = [self.channels(from), outputs];
        Step::Convolve(Convolution { name: name.to_owned(), channels, side, stride, after })
    }
}
