//! Point clouds to a PLY file, as viewers of them read it (Turk 1994).

use crate::write_whole::write_whole;
use crate::{Error, Result};
use glam::DVec3;
use std::path::Path;

/// Writes points, each with a colour of red, green and blue where there are colours, as a binary little-endian PLY file; points are in
/// double precision and as they are, so that one that is not finite stays so. A file of this name is replaced only once the new one
/// is complete.
///
/// # Errors
/// [`Error::LengthMismatch`] unless there is a colour a point; [`Error::File`] when it cannot be written.
pub fn write_ply(path: &Path, points: &[DVec3], colours: Option<&[[u8; 3]]>) -> Result<()> {
    if let Some(found) = colours.map(<[_]>::len).filter(|&found| found != points.len()) {
        return Err(Error::LengthMismatch { what: "colours of points", expected: points.len(), found });
    }
    let mut bytes = header(points.len(), colours.is_some()).into_bytes();
    for (index, point) in points.iter().enumerate() {
        bytes.extend(point.to_array().into_iter().flat_map(f64::to_le_bytes));
        bytes.extend(colours.map(|colours| colours[index]).into_iter().flatten());
    }
    write_whole(path, &bytes)
}

fn header(points: usize, coloured: bool) -> String {
    let places = ["x", "y", "z"].map(|axis| format!("property double {axis}\n")).concat();
    let colours = ["red", "green", "blue"].map(|name| format!("property uchar {name}\n")).concat();
    let colours = if coloured { &colours } else { "" };
    format!("ply\nformat binary_little_endian 1.0\nelement vertex {points}\n{places}{colours}end_header\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of the header, and what comes after it.
    fn parts(bytes: &[u8]) -> (Vec<String>, Vec<u8>) {
        let end = b"end_header\n";
        let at = bytes.windows(end.len()).position(|window| window == end).unwrap() + end.len();
        let text = str::from_utf8(&bytes[..at]).unwrap();
        (text.lines().map(str::to_owned).collect(), bytes[at..].to_vec())
    }

    #[test]
    fn header_and_size_are_those_of_the_points() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.ply");
        let points = [DVec3::new(1.5, -2.0, 5e6 + 0.001), DVec3::ZERO, DVec3::new(f64::NAN, 0.0, 1.0)];
        let colours = [[1, 2, 3], [4, 5, 6], [7, 8, 255]];
        for (given, stride) in [(None, 24), (Some(&colours[..]), 27)] {
            write_ply(&path, &points, given).unwrap();
            let (header, body) = parts(&std::fs::read(&path).unwrap());
            assert_eq!(header[..3], ["ply", "format binary_little_endian 1.0", "element vertex 3"]);
            assert_eq!(
                header.iter().filter(|line| line.starts_with("property")).count(),
                if stride == 24 { 3 } else { 6 }
            );
            assert_eq!(body.len(), 3 * stride);
            let number = |at: usize| f64::from_le_bytes(body[at..at + 8].try_into().unwrap());
            assert_eq!([number(0), number(8), number(16)], points[0].to_array());
            if given.is_some() {
                assert_eq!(body[2 * stride + 24..], [7, 8, 255]);
            }
        }
        write_ply(&path, &[], None).unwrap();
        assert!(parts(&std::fs::read(&path).unwrap()).1.is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let error = write_ply(Path::new("unused.ply"), &[DVec3::ZERO], Some(&[])).unwrap_err();
        assert!(matches!(error, Error::LengthMismatch { expected: 1, found: 0, .. }));
        let folder = tempfile::tempdir().unwrap();
        let error = write_ply(&folder.path().join("no/points.ply"), &[], None).unwrap_err();
        assert!(error.to_string().contains("points.ply"), "{error}");
    }
}
