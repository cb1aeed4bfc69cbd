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
    rows: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    relu: bool,
    segments: Segments,
}

impl<B: NetworkBackend> Backward<B, 3> for SegmentNorm {
    type State = NormState<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let NormState { rows, gamma, beta, relu, segments } = ops.state;
        let (rows, gamma, beta) = B::segment_norm_backward(rows, gamma, beta, gradient, relu, segments);
        for (parent, gradient) in ops.parents.into_iter().zip([rows, gamma, beta]) {
            if let Some(node) = parent {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct PoolNeighbours;

#[derive(Clone, Debug)]
struct PoolState<B: NetworkBackend> {
    both: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    edges: FloatTensor<B>,
    links: IntTensor<B>,
    segments: Segments,
}

impl<B: NetworkBackend> Backward<B, 3> for PoolNeighbours {
    type State = PoolState<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let PoolState { both, weight, bias, edges, links, segments } = ops.state;
        let (both, weight, bias) = B::pool_neighbours_backward(both, weight, bias, edges, links, gradient, segments);
        for (parent, gradient) in ops.parents.into_iter().zip([both, weight, bias]) {
            if let Some(node) = parent {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: NetworkBackend, C: CheckpointStrategy> NetworkBackend for Autodiff<B, C> {
    fn segment_norm(
        rows: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        relu: bool,
        segments: Segments,
    ) -> FloatTensor<Self> {
        let nodes = [rows.node(), gamma.node(), beta.node()];
        let (rows, gamma, beta) = (rows.into_primitive(), gamma.into_primitive(), beta.into_primitive());
        let run = || B::segment_norm(rows.clone(), gamma.clone(), beta.clone(), relu, segments.clone());
        match SegmentNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = run();
                prep.finish(NormState { rows, gamma, beta, relu, segments }, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(run()),
        }
    }

    fn segment_norm_backward(
        rows: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        relu: bool,
        segments: Segments,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        // Burn differentiates once only
        let _ = (gradient, relu, segments);
        (rows, gamma, beta)
    }

    fn pool_neighbours(
        both: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        edges: FloatTensor<Self>,
        links: IntTensor<Self>,
        segments: Segments,
    ) -> FloatTensor<Self> {
        let nodes = [both.node(), weight.node(), bias.node()];
        let (both, weight) = (both.into_primitive(), weight.into_primitive());
        let (bias, edges) = (bias.into_primitive(), edges.into_primitive());
        let run = || {
            let (both, weight, bias) = (both.clone(), weight.clone(), bias.clone());
            B::pool_neighbours(both, weight, bias, edges.clone(), links.clone(), segments.clone())
        };
        match PoolNeighbours.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = run();
                prep.finish(PoolState { both, weight, bias, edges, links, segments }, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(run()),
        }
    }

    fn pool_neighbours_backward(
        both: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        edges: FloatTensor<Self>,
        links: IntTensor<Self>,
        gradient: FloatTensor<Self>,
        segments: Segments,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        // Burn differentiates once only
        let _ = (edges, links, gradient, segments);
        (both, weight, bias)
    }
}
