//! Drawings in SVG.

use super::{BINS, Drawn};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use glam::DVec2;
use image::ImageReader;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use std::fmt::Write;
use std::path::Path;

/// Height of the images of a pair, and the distance between them, in the drawing.
const HEIGHT: f64 = 240.0;
const GAP: f64 = 8.0;
const JPEG_QUALITY: u8 = 60;

/// A pair with its matches: over the photographs, where these are given and can be read.
pub(super) fn pair(drawn: &Drawn, photographs: [Option<&Path>; 2]) -> Result<String, std::fmt::Error> {
    let scales = drawn.sizes_px.map(|size| HEIGHT / size.y);
    let widths = [0, 1].map(|side| drawn.sizes_px[side].x * scales[side]);
    let lefts = [0.0, widths[0] + GAP];
    let mut svg = String::new();
    let label = format!("{} inliers of {} matches", drawn.inliers, drawn.matches);
    write!(
        svg,
        r#"<svg class="pair" viewBox="0 0 {:.0} {HEIGHT:.0}" role="img" aria-label="{label}">"#,
        lefts[1] + widths[1]
    )?;
    for side in [0, 1] {
        let place = format!(r#"x="{:.1}" y="0" width="{:.1}" height="{HEIGHT:.1}""#, lefts[side], widths[side]);
        match photographs[side].and_then(embedded) {
            Some(photograph) => write!(svg, r#"<image {place} href="{photograph}" preserveAspectRatio="none"/>"#)?,
            None => write!(svg, r#"<rect {place} class="empty"/>"#)?,
        }
    }
    for (points, is_inlier) in &drawn.lines {
        let at = |side: usize| DVec2::new(lefts[side], 0.0) + points[side] * scales[side];
        let (a, b) = (at(0), at(1));
        let class = if *is_inlier { "inlier" } else { "outlier" };
        write!(svg, r#"<path class="{class}" d="M{:.1} {:.1}L{:.1} {:.1}"/>"#, a.x, a.y, b.x, b.y)?;
    }
    svg.push_str("</svg>");
    Ok(svg)
}

/// A photograph in the page itself, small.
fn embedded(path: &Path) -> Option<String> {
    let photograph = ImageReader::open(path).ok()?.with_guessed_format().ok()?.decode().ok()?;
    let height = HEIGHT as u32 * 2;
    let small = photograph.resize(u32::MAX, height.min(photograph.height()), FilterType::Triangle).to_rgb8();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(&small).ok()?;
    Some(format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(bytes)))
}

/// Pairs by inliers.
pub(super) fn histogram(counts: &[u64; BINS.len()]) -> Result<String, std::fmt::Error> {
    const WIDTH: f64 = 56.0;
    const TALLEST: f64 = 90.0;
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let mut svg = String::new();
    let width = WIDTH * BINS.len() as f64;
    write!(svg, r#"<svg class="histogram" viewBox="0 0 {width:.0} 130" role="img" aria-label="pairs by inliers">"#)?;
    for (bin, (&low, &count)) in BINS.iter().zip(counts).enumerate() {
        let (left, height) = (WIDTH * bin as f64, TALLEST * count as f64 / most);
        let middle = left + WIDTH / 2.0;
        write!(
            svg,
            r#"<rect class="bar" x="{:.0}" y="{:.1}" width="{:.0}" height="{height:.1}"/>"#,
            left + 3.0,
            15.0 + TALLEST - height,
            WIDTH - 6.0
        )?;
        if count > 0 {
            write!(svg, r#"<text x="{middle:.0}" y="{:.1}">{count}</text>"#, 11.0 + TALLEST - height)?;
        }
        let label = BINS.get(bin + 1).map_or_else(|| format!("{low}+"), |next| format!("{low}–{}", next - 1));
        write!(svg, r#"<text x="{middle:.0}" y="122">{label}</text>"#)?;
    }
    svg.push_str("</svg>");
    Ok(svg)
}
