//! Checkpoints of the CLNet family in PyTorch format become weights that rank alike, and other files are refused.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/pytorch.rs"]
mod pytorch;
#[path = "common/ranked.rs"]
mod ranked;

use nabla_ransac::network::{GraphConvolution, NetworkConfig, Ranker, Tensor, Weights, WeightsError};
use nabla_ransac::train::import_pytorch;
use nabla_ransac::{Error, ModelKind};
use pytorch::{Saved, checkpoint};
use ranked::{Known, random_weights};
use std::path::Path;
use std::process::Command;

fn config() -> NetworkConfig {
    let graph = GraphConvolution::Collapsed;
    NetworkConfig { channels: 16, blocks: 2, graph, ..NetworkConfig::clnet(ModelKind::Essential) }
}

/// The name of each tensor in a PyTorch module of two blocks before and after the annular one, written down one by one.
const NAMES: [(&str, &str); 14] = [
    ("input", "conv.0"),
    ("input_norm", "conv.1"),
    ("before.0", "embed_0.0.left"),
    ("before.1", "embed_0.1.left"),
    ("ring", "embed_0.2.conv.0"),
    ("ring_norm", "embed_0.2.conv.1"),
    ("rings", "embed_0.2.conv.3"),
    ("rings_norm", "embed_0.2.conv.4"),
    ("after.0", "embed_0.3.left"),
    ("after.1", "embed_0.4.left"),
    ("output0", "linear_0"),
    ("graph", "gcn.conv.0"),
    ("graph_norm", "gcn.conv.1"),
    ("output", "linear_1"),
];

fn torch_name(ours: &str) -> String {
    let (layer, part) = ours.rsplit_once('.').unwrap();
    let part = part.replace("gamma", "weight").replace("beta", "bias");
    if let Some((_, theirs)) = NAMES.iter().find(|(name, _)| *name == layer) {
        return format!("{theirs}.{part}");
    }
    let (block, layer) = layer.rsplit_once('.').unwrap();
    let block = NAMES.iter().find(|(name, _)| *name == block).map_or("embed_1.0.left", |(_, theirs)| theirs);
    let place = ["linear1", "", "linear1_norm", "", "linear2", "", "linear2_norm"].iter().position(|l| *l == layer);
    format!("{block}.{}.{part}", place.unwrap())
}

/// A convolution of PyTorch is (out, in, 1, places); ours are (in, out) and (places, in, out).
fn torch_tensor(name: String, tensor: &Tensor) -> Saved {
    let (places, inputs, outputs) = match *tensor.shape {
        [inputs, outputs] => (1, inputs, outputs),
        [places, inputs, outputs] => (places, inputs, outputs),
        _ => return Saved::floats(name, tensor.shape.clone(), &tensor.values),
    };
    let mut values = vec![0.0; tensor.values.len()];
    for p in 0..places {
        for i in 0..inputs {
            for o in 0..outputs {
                values[(o * inputs + i) * places + p] = tensor.values[(p * inputs + i) * outputs + o];
            }
        }
    }
    Saved::floats(name, vec![outputs, inputs, 1, places], &values)
}

fn saved(weights: &Weights, prefix: &str) -> Vec<Saved> {
    let tensors = weights.tensors().iter().map(|(name, t)| torch_tensor(format!("{prefix}{}", torch_name(name)), t));
    let counter = |name: &str| Saved {
        name: format!("{prefix}{name}"),
        class: "LongStorage",
        shape: vec![1],
        bytes: 7i64.to_le_bytes().to_vec(),
    };
    // what such modules carry beside
    let unused = Saved::floats(format!("{prefix}embed_0.0.right.0.weight"), vec![16, 16, 1, 1], &[1.0; 256]);
    tensors.chain([counter("conv.1.num_batches_tracked"), unused]).collect()
}

fn import(bytes: &[u8]) -> nabla_ransac::Result<Weights> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.net");
    std::fs::write(&path, bytes).unwrap();
    import_pytorch(&path, ModelKind::Essential, GraphConvolution::Collapsed)
}

#[test]
fn a_checkpoint_with_any_prefix_ranks_as_the_network_it_holds() {
    let weights = random_weights(config(), 9);
    for prefix in ["", "ds_0.", "module.weights_init.ds_0."] {
        let imported = import(&checkpoint(&saved(&weights, prefix))).unwrap();
        assert_eq!(imported.config(), weights.config());
        assert_eq!(imported.tensors(), weights.tensors(), "{prefix}");
        assert_eq!(imported.record()["imported_from"], "model.net");
    }
    let known = Known::new(60, 1);
    let logits = Ranker::new(weights.clone()).logits(&known.input(ModelKind::Essential)).unwrap();
    let imported = import(&checkpoint(&saved(&weights, "ds_0."))).unwrap();
    assert_eq!(Ranker::new(imported).logits(&known.input(ModelKind::Essential)).unwrap(), logits);
}

fn weights_error(bytes: &[u8]) -> WeightsError {
    match import(bytes) {
        Err(Error::Weights { error, .. }) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_files_are_refused_with_what_is_wrong() {
    let weights = random_weights(config(), 9);
    let good = checkpoint(&saved(&weights, ""));
    assert!(matches!(import(b"not a checkpoint"), Err(Error::File { .. })));
    assert!(import(&good[..good.len() / 2]).is_err() && import(&[]).is_err());
    let other = [Saved::floats("fc.weight".to_owned(), vec![2, 2], &[1.0; 4])];
    assert!(matches!(weights_error(&checkpoint(&other)), WeightsError::Missing { .. }));
    let change = |change: &dyn Fn(&mut Vec<Saved>)| {
        let mut tensors = saved(&weights, "");
        change(&mut tensors);
        weights_error(&checkpoint(&tensors))
    };
    let missing = change(&|tensors| tensors.retain(|tensor| tensor.name != "linear_1.bias"));
    assert!(matches!(missing, WeightsError::Missing { name, .. } if name == "linear_1.bias"));
    let at = |tensors: &[Saved], name: &str| tensors.iter().position(|tensor| tensor.name == name).unwrap();
    let shape = change(&|tensors| {
        let place = at(tensors, "gcn.conv.0.weight");
        tensors[place].shape = vec![16, 16];
    });
    assert!(matches!(shape, WeightsError::Shape { name, .. } if name == "gcn.conv.0.weight"));
    let nan = change(&|tensors| {
        let place = at(tensors, "linear_0.bias");
        tensors[place].bytes = f32::NAN.to_le_bytes().to_vec();
    });
    assert!(matches!(nan, WeightsError::NotFinite { .. }));
    assert!(import_pytorch(Path::new("none"), ModelKind::Essential, GraphConvolution::Exact).is_err());
}

#[test]
fn the_command_writes_weights_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["model.pth", "clnet.safetensors"].map(|name| folder.path().join(name));
    let weights = random_weights(config(), 9);
    std::fs::write(&from, checkpoint(&saved(&weights, "ds_0."))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    let output = command.arg("import").arg(&from).args(["--model", "essential", "--out"]).arg(&to).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(Weights::read(&to).unwrap().tensors(), weights.tensors());
}
