//! How Burn runs a [`Kernel`]: the CPU twin on Flex, the shader on CubeCL's wgpu, and its gradients under autodiff.

use super::kernel::{Gradient, Kernel, Launch, Operand, Source, WORKGROUP};
use crate::{Error, Result};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::wgpu::{
    CubeBackend, CubeDim, CubeTensor, KernelSource, SourceKernel, SourceTemplate, into_contiguous,
};
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, BackendTensor, Dispatch, DispatchAutodiffContext, DispatchTensor,
    DispatchTensorKind, ExtensionType, Flex, TensorMetadata, backend_extension,
};
use burn::cubecl::{
    CubeCount,
    prelude::KernelId,
    server::{Handle, KernelArguments},
};
use burn::tensor::{DType, Shape, TensorData};
use std::sync::Arc;

/// Float tensors of any number.
#[derive(Clone, Debug)]
pub(super) struct Tensors<B: Backend>(pub(super) Vec<FloatTensor<B>>);

impl<B: Backend> ExtensionType<B> for Tensors<B> {
    type Target = Tensors<Dispatch>;

    fn map_to_dispatch<F>(self, map_kind: F, autodiff: DispatchAutodiffContext) -> Self::Target
    where
        F: Fn(BackendTensor<B>) -> DispatchTensorKind,
    {
        let wrap = |tensor| DispatchTensor { kind: map_kind(BackendTensor::Float(tensor)), autodiff };
        Tensors(self.0.into_iter().map(wrap).collect())
    }

    fn map_from_dispatch<F>(target: Self::Target, unwrap_kind: F) -> Self
    where
        F: Fn(DispatchTensor) -> BackendTensor<B>,
    {
        Self(target.0.into_iter().map(|tensor| unwrap_kind(tensor).float()).collect())
    }

    fn routing_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        target.0.first()
    }

    fn routing_float_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        target.0.first()
    }

    fn autodiff_context(target: &Self::Target) -> DispatchAutodiffContext {
        let disabled = DispatchAutodiffContext::Disabled;
        target.0.iter().fold(disabled, |context, tensor| context.merge(tensor.autodiff))
    }
}

/// A backend that runs kernels.
#[backend_extension(Cube, Flex, Autodiff)]
pub(super) trait KernelBackend: Backend {
    /// The outputs of the kernel.
    fn run_kernel(kernel: Arc<dyn Kernel>, #[extension_type] inputs: Tensors<Self>) -> Tensors<Self>;
}

impl KernelBackend for Flex {
    fn run_kernel(kernel: Arc<dyn Kernel>, inputs: Tensors<Self>) -> Tensors<Self> {
        let inputs: Vec<_> = inputs.0.iter().map(|tensor| tensor.to_contiguous()).collect();
        let slices: Vec<&[f32]> = inputs.iter().map(|tensor| tensor.storage()).collect();
        let shapes = kernel.outputs();
        let mut outputs: Vec<_> = shapes.iter().map(|shape| vec![0.0; shape.num_elements()]).collect();
        kernel.run(&slices, &mut outputs);
        let tensor = |(data, shape): (Vec<f32>, Shape)| {
            <Self as burn::backend::ops::FloatTensorOps<Self>>::float_from_data(
                TensorData::new(data, shape),
                &Default::default(),
            )
        };
        Tensors(outputs.into_iter().zip(shapes).map(tensor).collect())
    }
}

impl KernelSource for Source {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.text())
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info((self.name, self.parts.clone()))
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

impl KernelBackend for CubeBackend {
    fn run_kernel(kernel: Arc<dyn Kernel>, inputs: Tensors<Self>) -> Tensors<Self> {
        let inputs: Vec<_> = inputs.0.into_iter().map(into_contiguous).collect();
        let (client, device) = (inputs[0].client.clone(), inputs[0].device.clone());
        let output = |shape: Shape| {
            let handle = client.empty(shape.num_elements() * DType::F32.size());
            CubeTensor::new_contiguous(client.clone(), device.clone(), shape, handle, DType::F32)
        };
        let outputs: Vec<_> = kernel.outputs().into_iter().map(output).collect();
        let Launch { source, params, workgroups, order } = kernel.launch();
        if workgroups > 0 {
            let params = client.create_from_slice(bytemuck::cast_slice(&params));
            let tensors = inputs.iter().chain(&outputs).map(|tensor| tensor.handle.clone());
            let mut buffers: Vec<_> = std::iter::once(params).chain(tensors).collect();
            if !order.is_empty() {
                buffers = order.iter().map(|&place| buffers[place].clone()).collect();
            }
            launch(&inputs[0], source, WORKGROUP as usize, buffers, workgroups as usize);
        }
        Tensors(outputs)
    }
}

/// Runs a shader, with so many invocations a workgroup, on buffers in the order of their bindings, on the device of a tensor.
pub(in crate::train) fn launch(
    like: &CubeTensor,
    source: impl Into<Source>,
    workgroup: usize,
    buffers: Vec<Handle>,
    workgroups: usize,
) {
    if workgroups == 0 {
        return;
    }
    let bindings = buffers.into_iter().map(|buffer| buffer.binding()).collect();
    let [x, y] = crate::gpu::spread(workgroups as u32);
    like.client.launch(
        Box::new(SourceKernel::new(source.into(), CubeDim::new_1d(workgroup as u32))),
        CubeCount::Static(x, y, 1),
        KernelArguments::new().with_buffers(bindings),
    );
}

impl<B: KernelBackend, C: CheckpointStrategy> KernelBackend for Autodiff<B, C> {
    fn run_kernel(kernel: Arc<dyn Kernel>, inputs: Tensors<Self>) -> Tensors<Self> {
        match kernel.gradients().len() {
            0 => {
                let inner = Tensors(inputs.0.into_iter().map(|tensor| tensor.into_primitive()).collect());
                Tensors(B::run_kernel(kernel, inner).0.into_iter().map(Self::from_inner).collect())
            }
            1 => with_gradients::<B, C, 1>(kernel, inputs),
            _ => with_gradients::<B, C, 2>(kernel, inputs),
        }
    }
}

#[derive(Debug)]
struct KernelBackward;

/// A gradient with the operands kept for it.
type Saved<B> = (Gradient, Vec<FloatTensor<B>>);

impl<B: KernelBackend, const N: usize> Backward<B, N> for KernelBackward {
    type State = Vec<Option<Saved<B>>>;

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        for (parent, saved) in ops.parents.into_iter().zip(ops.state) {
            if let (Some(parent), Some((Gradient { kernel, report, .. }, mut inputs))) = (parent, saved) {
                inputs.push(gradient.clone());
                let mut outputs = B::run_kernel(kernel, Tensors(inputs)).0;
                if let (Some(report), 2..) = (report, outputs.len()) {
                    report.keep::<B>(outputs.swap_remove(1));
                }
                grads.register::<B>(parent.id, outputs.swap_remove(0));
            }
        }
    }
}

/// Runs the kernel as one node of the graph, with the first `N` inputs as its parents.
fn with_gradients<B: KernelBackend, C: CheckpointStrategy, const N: usize>(
    kernel: Arc<dyn Kernel>,
    inputs: Tensors<Autodiff<B, C>>,
) -> Tensors<Autodiff<B, C>> {
    let guards = std::array::from_fn::<_, N, _>(|i| inputs.0[i].node());
    let tracked: Vec<bool> = inputs.0.iter().map(|tensor| tensor.is_tracked()).collect();
    let inputs: Vec<_> = inputs.0.into_iter().map(|tensor| tensor.into_primitive()).collect();
    let mut outputs = B::run_kernel(kernel.clone(), Tensors(inputs.clone())).0;
    let others = outputs.split_off(1);
    let saved = |(gradient, tracked): (Gradient, bool)| -> Option<Saved<B>> {
        let operand = |operand: &Operand| match *operand {
            Operand::Input(i) => inputs[i].clone(),
            Operand::Output(0) => outputs[0].clone(),
            Operand::Output(i) => others[i - 1].clone(),
        };
        let operands = gradient.operands.iter().map(operand).collect();
        tracked.then_some((gradient, operands))
    };
    let first = match Backward::<B, N>::prepare::<C>(KernelBackward, guards).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => {
            let state = kernel.gradients().into_iter().zip(tracked).map(saved).collect();
            preparation.finish(state, outputs.swap_remove(0))
        }
        OpsKind::UnTracked(preparation) => preparation.finish(outputs.swap_remove(0)),
    };
    let others = others.into_iter().map(Autodiff::<B, C>::from_inner);
    Tensors(std::iter::once(first).chain(others).collect())
}

/// The outputs of a kernel on tensors of one device.
///
/// # Errors
/// [`Error::BadOption`] for tensors that are not of f32.
pub(super) fn run(kernel: impl Kernel + 'static, inputs: Vec<DispatchTensor>) -> Result<Vec<DispatchTensor>> {
    for input in &inputs {
        if input.dtype() != DType::F32 {
            let found = format!("{:?}", input.dtype());
            return Err(Error::BadOption { name: "dtype", expected: "tensors of f32", found });
        }
    }
    Ok(Dispatch::run_kernel(Arc::new(kernel), Tensors(inputs)).0)
}
