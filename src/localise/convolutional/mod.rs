//! Convolutional networks: what describes cells in place of gradients, and what says where cells lie in place of a memory.
//!
//! A network is a [`Plan`], a list of steps on planes, and the weights of its convolutions. The plan is run here, by the CPU and in stages
//! on the GPU, and by the module of the same plan in training.

mod gpu_planes;
mod gpu_stages;
mod layouts;
mod network;
mod plan;

pub use gpu_stages::ConvolutionStages;
#[cfg(feature = "train")]
pub(crate) use layouts::{FIRST_LAYER, LAST_LAYER};
pub use layouts::{dsac_star, head, xfeat};
pub use network::ConvolutionalNetwork;
pub use plan::{Convolution, Plan, PlaneId, Step};
