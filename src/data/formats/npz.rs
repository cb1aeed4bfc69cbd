//! One image pair in an `.npz` archive of NumPy: an array a field.

use super::array::{Array, Arrays, Element, Message};
use super::fields;
use crate::data::PairRecord;
use std::cell::RefCell;
use std::io::{Cursor, Read};
use zip::{ZipArchive, result::ZipError};

/// An array may not inflate to more: a few kilobytes of archive can claim terabytes.
const MAX_ARRAY_BYTES: u64 = 1 << 28;

/// Reads the one pair of an archive.
pub(crate) fn parse(bytes: &[u8]) -> Message<PairRecord> {
    let archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| format!("expected an npz archive, but it cannot be opened: {error}"))?;
    fields::record("0000", &Archive(RefCell::new(archive)))
}

struct Archive<'a>(RefCell<ZipArchive<Cursor<&'a [u8]>>>);

impl Arrays for Archive<'_> {
    fn array(&self, name: &str) -> Message<Option<Array>> {
        let mut archive = self.0.borrow_mut();
        let file = match archive.by_name(&format!("{name}.npy")) {
            Err(ZipError::FileNotFound) => return Ok(None),
            file => file.map_err(|error| format!("array {name}: it cannot be opened: {error}"))?,
        };
        let mut bytes = Vec::new();
        let read = file.take(MAX_ARRAY_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("array {name}: it cannot be unpacked: {error}"))?;
        if bytes.len() as u64 > MAX_ARRAY_BYTES {
            return Err(format!("array {name}: expected at most {MAX_ARRAY_BYTES} bytes, but there are more"));
        }
        decode_npy(&bytes).map(Some).map_err(|message| format!("array {name}: {message}"))
    }
}

/// An NPY file: magic, version, header length, a Python dictionary as text, the numbers.
///
/// The dictionary is only searched for its three keys: a general parser of Python literals recurses as deep as the
/// file says.
fn decode_npy(bytes: &[u8]) -> Message<Array> {
    let (header, data) = split_header(bytes).ok_or("expected an NPY array, but its header is bad or cut off")?;
    let value_of = |key: &str| {
        let (_, rest) = header.split_once(&format!("'{key}':"))?;
        Some(rest.trim_start())
    };
    let wrong = |what: &str| format!("expected {what} in its NPY header, but that reads {header}");
    let text = value_of("descr").and_then(|rest| rest.strip_prefix('\'')?.split_once('\''));
    let (text, _) = text.ok_or_else(|| wrong("a plain element type"))?;
    let (element, big_endian) = element(text).ok_or_else(|| wrong("a real element type"))?;
    let fortran = value_of("fortran_order").is_some_and(|rest| rest.starts_with("True"));
    let shape = value_of("shape").and_then(shape).ok_or_else(|| wrong("a shape"))?;

    let count = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    let expected = count.and_then(|count| count.checked_mul(element.size()));
    if expected != Some(data.len()) {
        return Err(format!("expected the bytes of an array {shape:?} of {text}, but there are {}", data.len()));
    }
    let values = if big_endian { element.decode(&swap_bytes(data, element.size())) } else { element.decode(data) };
    if !fortran || shape.len() < 2 {
        return Ok(Array { shape, values });
    }
    Ok(Array { values: row_major(&values, &shape)?, shape })
}

fn split_header(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (version, rest) = rest.split_first_chunk::<2>()?;
    let (length, rest) = if version[0] == 1 {
        let (length, rest) = rest.split_first_chunk::<2>()?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        (usize::try_from(u32::from_le_bytes(*length)).ok()?, rest)
    };
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?.trim_end(), data))
}

/// The element type of a NumPy type string such as `<f4`, and whether it is big-endian.
fn element(descr: &str) -> Option<(Element, bool)> {
    let (order, name) = descr.split_at_checked(1)?;
    let element = match name {
        "f2" => Element::F16,
        "f4" => Element::F32,
        "f8" => Element::F64,
        "i1" => Element::I8,
        "i2" => Element::I16,
        "i4" => Element::I32,
        "i8" => Element::I64,
        "u1" | "b1" => Element::U8,
        "u2" => Element::U16,
        "u4" => Element::U32,
        "u8" => Element::U64,
        _ => return None,
    };
    matches!(order, "<" | ">" | "|" | "=").then_some((element, order == ">"))
}

fn shape(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    inside.split(',').map(str::trim).filter(|size| !size.is_empty()).map(|size| size.parse().ok()).collect()
}

fn swap_bytes(bytes: &[u8], size: usize) -> Vec<u8> {
    bytes.chunks_exact(size).flat_map(|chunk| chunk.iter().rev().copied()).collect()
}

/// Column-major values in row-major order; dimensions of 1 do not matter.
fn row_major(values: &[f64], shape: &[usize]) -> Message<Vec<f64>> {
    let long: Vec<usize> = shape.iter().copied().filter(|&size| size != 1).collect();
    match long[..] {
        [] | [_] => Ok(values.to_vec()),
        [rows, columns] => {
            Ok((0..rows).flat_map(|row| (0..columns).map(move |column| values[column * rows + row])).collect())
        }
        _ => Err(format!("expected at most two dimensions other than 1, but the shape is {shape:?}")),
    }
}
