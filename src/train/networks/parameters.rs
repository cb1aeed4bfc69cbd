//! The parameters of the modules, by the names of the tensors of [`Weights`].

use crate::network::{self, Weights};
use crate::{Error, Result};
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};

/// Rows times a matrix, with a bias.
#[derive(Module, Debug)]
pub(crate) struct Linear {
    pub(crate) weight: Param<Tensor<2>>,
    pub(crate) bias: Param<Tensor<1>>,
}

/// Rows times a matrix.
#[derive(Module, Debug)]
pub(crate) struct Matrix {
    pub(crate) weight: Param<Tensor<2>>,
}

impl Linear {
    pub(crate) fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        rows.matmul(self.weight.val()) + self.bias.val().unsqueeze()
    }
}

impl Matrix {
    pub(crate) fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        rows.matmul(self.weight.val())
    }
}

/// Takes the parameters from weights. Their ids are their places, so that an optimiser's state finds them again.
pub(crate) struct Source<'a> {
    weights: &'a Weights,
    device: &'a Device,
    next_id: u64,
}

impl<'a> Source<'a> {
    pub(crate) const fn new(weights: &'a Weights, device: &'a Device) -> Self {
        Self { weights, device, next_id: 0 }
    }

    /// A parameter to be learned.
    pub(crate) fn parameter<const D: usize>(&mut self, name: &str) -> Param<Tensor<D>> {
        let (id, value) = self.value(name);
        Param::initialized(id, value.require_grad())
    }

    /// A number that training keeps, without gradient.
    pub(crate) fn state<const D: usize>(&mut self, name: &str) -> Param<Tensor<D>> {
        let (id, value) = self.value(name);
        Param::initialized(id, value)
    }

    fn value<const D: usize>(&mut self, name: &str) -> (ParamId, Tensor<D>) {
        // complete and of the right shapes, as all weights are
        let (shape, values) = match self.weights.tensors().get(name) {
            Some(tensor) => (tensor.shape.clone(), tensor.values.clone()),
            None => (vec![0; D], Vec::new()),
        };
        self.next_id += 1;
        (ParamId::from(self.next_id), Tensor::from_data(TensorData::new(values, shape), self.device))
    }

    pub(crate) fn linear(&mut self, name: &str) -> Linear {
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
        Linear { weight: self.parameter(&weight), bias: self.parameter(&bias) }
    }

    pub(crate) fn matrix(&mut self, name: &str) -> Matrix {
        Matrix { weight: self.parameter(&format!("{name}.weight")) }
    }
}

/// Collects the parameters of a module by their names.
#[derive(Default)]
pub(crate) struct NamedTensors {
    path: Vec<String>,
    pub(crate) tensors: Vec<(String, network::Tensor)>,
}

impl ModuleVisitor for NamedTensors {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let shape = value.dims().to_vec();
        let values = read(value).unwrap_or_default();
        self.tensors.push((self.path.join("."), network::Tensor { shape, values }));
    }
}

/// The numbers of a tensor.
///
/// # Errors
/// [`Error::Device`] when they cannot be read back.
pub(crate) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor.try_into_vec_as().map_err(|error| Error::Device(error.to_string()))
}
