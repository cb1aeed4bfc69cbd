//! The backward passes in Burn's graph: a node for each stage, which keeps its inputs.

use super::{NetworkBackend, Segments};
use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};

#[derive(Debug)]
struct SegmentNorm;

#[derive(Clone, Debug)]
struct NormState<B: NetworkBackend> {
    input: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
    relu: bool,
    segments: Segments,
}

impl<B: NetworkBackend> Backward<B, 3> for SegmentNorm {
    type State = NormState<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let NormState { input, scale, shift, relu, segments } = ops.state;
        let (input, scale, shift) = B::segment_norm_backward(input, scale, shift, gradient, relu, segments);
        for (parent, gradient) in ops.parents.into_iter().zip([input, scale, shift]) {
            if let Some(node) = parent {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct NeighbourPool;

#[derive(Clone, Debug)]
struct PoolState<B: NetworkBackend> {
    own: FloatTensor<B>,
    others: FloatTensor<B>,
    weights: FloatTensor<B>,
    edges: FloatTensor<B>,
    neighbours: IntTensor<B>,
    segments: Segments,
}

impl<B: NetworkBackend> Backward<B, 3> for NeighbourPool {
    type State = PoolState<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let PoolState { own, others, weights, edges, neighbours, segments } = ops.state;
        let (own, others, weights) =
            B::neighbour_pool_backward(own, others, weights, edges, neighbours, gradient, segments);
        for (parent, gradient) in ops.parents.into_iter().zip([own, others, weights]) {
            if let Some(node) = parent {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: NetworkBackend, C: CheckpointStrategy> NetworkBackend for Autodiff<B, C> {
    fn segment_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        relu: bool,
        segments: Segments,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), scale.node(), shift.node()];
        let (input, scale, shift) = (input.into_primitive(), scale.into_primitive(), shift.into_primitive());
        let run = || B::segment_norm(input.clone(), scale.clone(), shift.clone(), relu, segments.clone());
        match SegmentNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = run();
                prep.finish(NormState { input, scale, shift, relu, segments }, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(run()),
        }
    }

    fn segment_norm_backward(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        relu: bool,
        segments: Segments,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        // Burn differentiates once only
        let _ = (gradient, relu, segments);
        (input, scale, shift)
    }

    fn neighbour_pool(
        own: FloatTensor<Self>,
        others: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        edges: FloatTensor<Self>,
        neighbours: IntTensor<Self>,
        segments: Segments,
    ) -> FloatTensor<Self> {
        let nodes = [own.node(), others.node(), weights.node()];
        let (own, others) = (own.into_primitive(), others.into_primitive());
        let (weights, edges) = (weights.into_primitive(), edges.into_primitive());
        let run = || {
            let (own, others, weights) = (own.clone(), others.clone(), weights.clone());
            B::neighbour_pool(own, others, weights, edges.clone(), neighbours.clone(), segments.clone())
        };
        match NeighbourPool.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = run();
                prep.finish(PoolState { own, others, weights, edges, neighbours, segments }, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(run()),
        }
    }

    fn neighbour_pool_backward(
        own: FloatTensor<Self>,
        others: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        edges: FloatTensor<Self>,
        neighbours: IntTensor<Self>,
        gradient: FloatTensor<Self>,
        segments: Segments,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        // Burn differentiates once only
        let _ = (edges, neighbours, gradient, segments);
        (own, others, weights)
    }
}
