//! Files made in memory, byte by byte, so that they can be wrong in every way.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::io::{Cursor, Write};
use std::path::PathBuf;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A named array: its element type as the format spells it, its shape, its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Tensor {
    pub(crate) fn f32(name: &str, shape: &[usize], values: &[f32]) -> Self {
        Self::new(name, "F32", shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub(crate) fn f64(name: &str, shape: &[usize], values: &[f64]) -> Self {
        Self::new(name, "F64", shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub(crate) fn i32(name: &str, shape: &[usize], values: &[i32]) -> Self {
        Self::new(name, "I32", shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub(crate) fn new(name: &str, dtype: &str, shape: &[usize], bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), dtype: dtype.to_owned(), shape: shape.to_vec(), bytes }
    }
}

/// A safetensors file.
pub(crate) fn safetensors(tensors: &[Tensor]) -> Vec<u8> {
    safetensors_about("", tensors)
}

/// A safetensors file with the entries of its metadata, as JSON writes them.
pub(crate) fn safetensors_about(metadata: &str, tensors: &[Tensor]) -> Vec<u8> {
    let mut at = 0;
    let entry = |tensor: &Tensor| {
        let start = at;
        at += tensor.bytes.len();
        let (name, dtype, shape) = (&tensor.name, &tensor.dtype, &tensor.shape);
        format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{at}]}}"#)
    };
    let entries = tensors.iter().map(entry);
    let about = (!metadata.is_empty()).then(|| format!(r#""__metadata__":{{{metadata}}}"#));
    let header = format!("{{{}}}", about.into_iter().chain(entries).collect::<Vec<_>>().join(","));
    let data = tensors.iter().flat_map(|tensor| tensor.bytes.clone());
    (header.len() as u64).to_le_bytes().into_iter().chain(header.into_bytes()).chain(data).collect()
}

/// An npz archive; element types are translated to NumPy's.
pub(crate) fn npz(tensors: &[Tensor], compression: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for tensor in tensors {
        add(&mut zip, compression, &tensor.name, &npy(numpy_type(tensor), &tensor.shape, "False", &tensor.bytes));
    }
    zip.finish().unwrap().into_inner()
}

/// An npz archive of these arrays, some of them replaced by these bytes.
pub(crate) fn archive(replaced: &[(&str, Vec<u8>)], tensors: &[Tensor]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for tensor in tensors {
        let bytes = replaced.iter().find(|(name, _)| *name == tensor.name).map(|(_, bytes)| bytes.clone());
        let bytes = bytes.unwrap_or_else(|| npy(numpy_type(tensor), &tensor.shape, "False", &tensor.bytes));
        add(&mut zip, CompressionMethod::Stored, &tensor.name, &bytes);
    }
    zip.finish().unwrap().into_inner()
}

fn add(zip: &mut ZipWriter<Cursor<Vec<u8>>>, compression: CompressionMethod, name: &str, bytes: &[u8]) {
    zip.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(compression)).unwrap();
    zip.write_all(bytes).unwrap();
}

fn numpy_type(tensor: &Tensor) -> &str {
    match tensor.dtype.as_str() {
        "F32" => "<f4",
        "F64" => "<f8",
        "I32" => "<i4",
        "U8" => "|u1",
        other => other,
    }
}

/// An NPY file.
pub(crate) fn npy(descr: &str, shape: &[usize], fortran_order: &str, bytes: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran_order}, 'shape': ({shape}), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.into_bytes());
    file.extend(bytes);
    file
}

/// The fields of a good two-view pair of four matches, with a prefix before each name.
pub(crate) fn pair(prefix: &str) -> Vec<Tensor> {
    let name = |field: &str| format!("{prefix}{field}");
    let points: Vec<f32> = (0..8).map(|number| number as f32 * 10.0).collect();
    let k = [800.0, 0.0, 320.0, 0.0, 810.0, 240.0, 0.0, 0.0, 1.0];
    let rotation = [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    vec![
        Tensor::f32(&name("points1"), &[4, 2], &points),
        Tensor::f32(&name("points2"), &[4, 2], &points),
        Tensor::f32(&name("ratio"), &[4], &[0.5, 0.6, 0.7, 0.85]),
        Tensor::new(&name("mutual"), "U8", &[4], vec![1, 0, 1, 0]),
        Tensor::f64(&name("K1"), &[3, 3], &k),
        Tensor::f64(&name("K2"), &[3, 3], &k),
        Tensor::f64(&name("R"), &[3, 3], &rotation),
        Tensor::f64(&name("t"), &[3], &[0.0, 0.0, 2.0]),
        Tensor::i32(&name("sizes"), &[4], &[640, 480, 800, 600]),
    ]
}

/// A file of the repository's examples.
pub(crate) fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/data").join(name)
}

/// The benchmark data where it is there: the folder named by `NABLA_DATA`, or `../shared/data`.
pub(crate) fn benchmark(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("NABLA_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if !path.exists() {
        // not by a macro, whose lines the test harness keeps to itself
        drop(writeln!(std::io::stderr(), "{} is absent: not tested on it", path.display()));
    }
    path.exists().then_some(path)
}
