//! Scenes in safetensors files: the arrays of pair `0007` are called `0007/points1` and so on. A pair's name may have slashes.

use super::array::{Array, Arrays, Element, Message};
use super::fields;
use crate::data::PairRecord;
use ::safetensors::SafeTensors;
use ::safetensors::tensor::{Dtype, Metadata};

/// A file's bytes and its index; pairs are decoded when asked for.
#[derive(Debug)]
pub(crate) struct TensorFile {
    bytes: Vec<u8>,
    data_start: usize,
    index: Metadata,
    ids: Vec<String>,
}

impl TensorFile {
    /// Checks the header of a file: every tensor lies in it.
    pub(crate) fn parse(bytes: Vec<u8>) -> Message<Self> {
        let (header_size, index) = SafeTensors::read_metadata(&bytes)
            .map_err(|error| format!("expected a safetensors file, but its header is bad: {error}"))?;
        let data_start = header_size + size_of::<u64>();
        let mut ids: Vec<String> =
            index.offset_keys().iter().filter_map(|key| Some(key.rsplit_once('/')?.0.to_owned())).collect();
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return Err("expected tensors called NAME/points1 and so on, but there are none".to_owned());
        }
        Ok(Self { bytes, data_start, index, ids })
    }

    /// The pairs' names, sorted.
    pub(crate) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// What the file says of the unit of its world.
    pub(crate) fn unit(&self) -> Option<&str> {
        self.index.metadata().as_ref()?.get("units").map(String::as_str)
    }

    /// Decodes one pair.
    pub(crate) fn record(&self, id: &str) -> Message<PairRecord> {
        fields::record(id, &PairTensors { file: self, id }).map_err(|message| format!("pair {id}: {message}"))
    }
}

struct PairTensors<'a> {
    file: &'a TensorFile,
    id: &'a str,
}

impl Arrays for PairTensors<'_> {
    fn array(&self, name: &str) -> Message<Option<Array>> {
        let Some(info) = self.file.index.info(&format!("{}/{name}", self.id)) else { return Ok(None) };
        let element = element(info.dtype)
            .ok_or_else(|| format!("array {name}: expected numbers, but its type is {:?}", info.dtype))?;
        let (start, end) = info.data_offsets;
        let bytes = self.file.bytes.get(self.file.data_start..).and_then(|data| data.get(start..end));
        let bytes = bytes.ok_or_else(|| format!("array {name}: it ends behind the end of the file"))?;
        Ok(Some(Array { shape: info.shape.clone(), values: element.decode(bytes) }))
    }
}

const fn element(dtype: Dtype) -> Option<Element> {
    Some(match dtype {
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::Bf16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        Dtype::I8 => Element::I8,
        Dtype::I16 => Element::I16,
        Dtype::I32 => Element::I32,
        Dtype::I64 => Element::I64,
        Dtype::U8 | Dtype::BOOL => Element::U8,
        Dtype::U16 => Element::U16,
        Dtype::U32 => Element::U32,
        Dtype::U64 => Element::U64,
        _ => return None,
    })
}
