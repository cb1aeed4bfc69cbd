//! What the blobs hold: little-endian, row-major.

use crate::collection::View;
use crate::geometry::CameraModel;
use glam::{DMat3, DVec2, DVec3};

pub(super) fn floats64(bytes: &[u8]) -> Result<Vec<f64>, String> {
    let (numbers, []) = bytes.as_chunks() else {
        return Err(format!("expected numbers of 8 bytes, but the blob has {} bytes", bytes.len()));
    };
    Ok(numbers.iter().map(|&number| f64::from_le_bytes(number)).collect())
}

/// Checks that a blob has as many bytes as its row says.
fn check_size(bytes: &[u8], [rows, cols]: [i64; 2], number: usize) -> Result<(), String> {
    let expected = usize::try_from(rows)
        .ok()
        .zip(usize::try_from(cols).ok())
        .and_then(|(rows, cols)| rows.checked_mul(cols)?.checked_mul(number));
    if expected == Some(bytes.len()) {
        return Ok(());
    }
    Err(format!("expected {rows} rows of {cols} numbers of {number} bytes, but the blob has {} bytes", bytes.len()))
}

pub(super) fn matches(bytes: &[u8], shape: [i64; 2]) -> Result<Vec<[u32; 2]>, String> {
    // a row of no matches may have any number of columns, and no blob
    if shape[0] == 0 && bytes.is_empty() {
        return Ok(Vec::new());
    }
    if shape[1] != 2 {
        return Err(format!("expected 2 columns, but there are {}", shape[1]));
    }
    check_size(bytes, shape, 4)?;
    let (numbers, _) = bytes.as_chunks::<4>();
    let (pairs, _) = numbers.as_chunks::<2>();
    Ok(pairs.iter().map(|pair| pair.map(u32::from_le_bytes)).collect())
}

/// Key points with 2 columns (x, y), 4 (x, y, scale, orientation) or 6 (x, y and the affine shape).
pub(super) fn view(bytes: &[u8], shape: [i64; 2], camera: Option<CameraModel>) -> Result<View, String> {
    check_size(bytes, shape, 4)?;
    let (numbers, _) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = numbers.iter().map(|&number| f32::from_le_bytes(number)).collect();
    let point = |row: &[f32]| DVec2::new(row[0].into(), row[1].into());
    let shape_of: fn(&[f32]) -> (f32, f32) = match (shape[0], shape[1]) {
        (0, _) => return Ok(View::new(camera, Vec::new())),
        (_, 2) => return Ok(View::new(camera, numbers.chunks_exact(2).map(point).collect())),
        (_, 4) => |row| (row[2], row[3].to_degrees()),
        (_, 6) => |row| {
            let [a11, a12, a21, a22] = [row[2], row[3], row[4], row[5]];
            (0.5 * (a11.hypot(a21) + a12.hypot(a22)), a21.atan2(a11).to_degrees())
        },
        (_, columns) => return Err(format!("expected 2, 4 or 6 columns, but there are {columns}")),
    };
    let rows = || numbers.chunks_exact(shape[1] as usize);
    let (scales_px, angles_deg): (Vec<f32>, Vec<f32>) = rows().map(shape_of).unzip();
    Ok(View::new(camera, rows().map(point).collect()).with_shapes(scales_px, angles_deg))
}

pub(super) fn bytes_of_matches(matches: impl Iterator<Item = [u32; 2]>) -> Vec<u8> {
    matches.flatten().flat_map(u32::to_le_bytes).collect()
}

pub(super) fn bytes_of_floats(numbers: impl IntoIterator<Item = f64>) -> Vec<u8> {
    numbers.into_iter().flat_map(f64::to_le_bytes).collect()
}

pub(super) fn bytes_of_matrix(matrix: &DMat3) -> Vec<u8> {
    bytes_of_floats(matrix.transpose().to_cols_array())
}

pub(super) fn bytes_of_vector(vector: DVec3) -> Vec<u8> {
    bytes_of_floats(vector.to_array())
}
