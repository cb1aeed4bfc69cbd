//! The buffers of a network's planes on the GPU.

use super::{Plan, PlaneId, Step};
use crate::cpu::localise::plane::PlaneSize;
use crate::gpu::{Context, TypedBuffer};

/// Planes, of which those that are not needed at the same time share a buffer, and the neighbourhoods of one.
#[derive(Debug)]
pub(super) struct GpuPlanes {
    layout: Layout,
    input: wgpu::Buffer,
    buffers: Vec<TypedBuffer<f32>>,
    patches: TypedBuffer<f32>,
}

impl GpuPlanes {
    pub(super) fn new(context: &Context, plan: &Plan, input: &wgpu::Buffer, size: [usize; 2]) -> Self {
        let layout = Layout::new(plan, size);
        let buffers = layout.lengths.iter().map(|&length| TypedBuffer::new(context, "plane", length)).collect();
        let patches = TypedBuffer::new(context, "neighbourhoods", layout.patches);
        Self { layout, input: input.clone(), buffers, patches }
    }

    /// Numbers of the largest buffer.
    pub(super) fn largest(plan: &Plan, size: [usize; 2]) -> usize {
        let Layout { lengths, patches, .. } = Layout::new(plan, size);
        lengths.into_iter().fold(patches, usize::max)
    }

    /// The size of a plane, the answer's channels brought to a multiple of four.
    pub(super) fn size(&self, plane: PlaneId) -> PlaneSize {
        self.layout.sizes[plane]
    }

    pub(super) fn buffer(&self, plane: PlaneId) -> &wgpu::Buffer {
        self.layout.places[plane].map_or(&self.input, |place| &self.buffers[place])
    }

    /// Room for the neighbourhoods that any convolution reads.
    pub(super) fn patches(&self) -> &wgpu::Buffer {
        &self.patches
    }
}

/// Which buffers there are, all read in vectors of four.
#[derive(Debug)]
struct Layout {
    sizes: Vec<PlaneSize>,
    /// The buffer of each plane; none of the input's.
    places: Vec<Option<usize>>,
    /// Numbers of each buffer.
    lengths: Vec<usize>,
    /// Numbers of the most neighbourhoods.
    patches: usize,
}

impl Layout {
    fn new(plan: &Plan, [columns, rows]: [usize; 2]) -> Self {
        let mut sizes = plan.sizes(columns, rows);
        let answer = &mut sizes[plan.answer()];
        answer.channels = answer.channels.next_multiple_of(4);
        let patches = plan.steps().iter().map(|(step, _, to)| match step {
            Step::Convolve(convolution) if convolution.side > 1 => sizes[*to].pixels() * convolution.inputs(),
            _ => 0,
        });
        let patches = patches.max().unwrap_or(0).next_multiple_of(4);
        let mut layout = Self { places: vec![None; sizes.len()], lengths: Vec::new(), patches, sizes };
        layout.place(plan);
        layout
    }

    /// Gives each plane a buffer from the step that makes it to the last one that needs it.
    fn place(&mut self, plan: &Plan) {
        let mut last_step = vec![0; self.sizes.len()];
        let uses = |(step, (_, from, to)): (usize, &(Step, PlaneId, PlaneId))| [(step, *from), (step, *to)];
        let uses: Vec<(usize, PlaneId)> = plan.steps().iter().enumerate().flat_map(uses).collect();
        uses.iter().for_each(|&(step, plane)| last_step[plane] = step);
        let mut free = Vec::new();
        for (index, (_, from, to)) in plan.steps().iter().enumerate() {
            if *to != 0 && self.places[*to].is_none() {
                self.places[*to] = Some(self.take(&mut free, self.sizes[*to].len().next_multiple_of(4)));
            }
            let done = [*from, *to].into_iter().filter(|&plane| last_step[plane] == index);
            free.extend(done.filter_map(|plane| self.places[plane]));
        }
    }

    /// Of the free buffers the one whose length is the nearest, or a new one.
    fn take(&mut self, free: &mut Vec<usize>, length: usize) -> usize {
        let nearest = (0..free.len()).min_by_key(|&at| self.lengths[free[at]].abs_diff(length));
        let place = nearest.map_or(self.lengths.len(), |at| free.swap_remove(at));
        if place == self.lengths.len() {
            self.lengths.push(0);
        }
        self.lengths[place] = self.lengths[place].max(length);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::super::{dsac_star, head, xfeat};
    use super::*;

    /// No plane is overwritten while it is needed.
    #[test]
    fn planes_that_are_needed_keep_their_buffers() {
        for plan in [dsac_star([16, 32, 64, 128, 128]), head(64, 192), xfeat()] {
            let layout = Layout::new(&plan, [427, 241]);
            let mut holds = vec![None; layout.lengths.len()];
            for (step, from, to) in plan.steps() {
                assert_ne!(layout.places[*from], layout.places[*to]);
                for read in [Some(*from), (*step == Step::Enlarge).then_some(*to)].into_iter().flatten() {
                    assert!(layout.places[read].is_none_or(|place| holds[place] == Some(read)));
                }
                let place = layout.places[*to].unwrap();
                assert!(layout.lengths[place] >= layout.sizes[*to].len());
                holds[place] = Some(*to);
            }
            let planes = layout.places.len();
            assert!(holds.len() < planes / 2, "{} buffers of {planes} planes", holds.len());
        }
    }
}
