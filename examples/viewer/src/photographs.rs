//! The photographs, side by side, and where their pixels are on the screen.

use crate::match_lines::View;
use crate::pair::Pair;
use eframe::egui::{Color32, ColorImage, Context, Painter, Rect, TextureHandle, TextureOptions, Vec2, pos2, vec2};

/// Between the photographs, points of the screen.
const GAP: f32 = 6.0;
const EMPTY: Color32 = Color32::from_gray(60);
/// Photographs are shown this much darker, so that the colours stand out.
const DIM: Color32 = Color32::from_gray(190);
/// As `estimate --draw` has them.
pub(crate) const INLIER: Color32 = Color32::from_rgb(86, 180, 233);
pub(crate) const OUTLIER: Color32 = Color32::from_rgb(230, 159, 0);

/// Of inliers, of outliers.
const DISC_OPACITIES: [f32; 2] = [0.9, 0.6];

pub(crate) struct Photographs {
    textures: [Option<TextureHandle>; 2],
    sizes_px: [Vec2; 2],
}

impl Photographs {
    pub(crate) fn new(context: &Context, pair: &Pair) -> Self {
        let texture = |photograph: &image::RgbaImage| {
            let size = [photograph.width() as usize, photograph.height() as usize];
            let image = ColorImage::from_rgba_unmultiplied(size, photograph.as_raw());
            context.load_texture("photograph", image, TextureOptions::LINEAR)
        };
        let textures = pair.photographs.each_ref().map(|photograph| photograph.as_ref().map(texture));
        Self { textures, sizes_px: pair.sizes_px.map(|[width, height]| vec2(width as f32, height as f32)) }
    }

    /// Draws them as large as the area allows; where each is.
    pub(crate) fn draw(&self, painter: &Painter, area: Rect) -> [Rect; 2] {
        let [size1, size2] = self.sizes_px;
        let scale = ((area.width() - GAP) / (size1.x + size2.x)).min(area.height() / size1.y.max(size2.y));
        let width = scale * (size1.x + size2.x) + GAP;
        let corner = pos2(area.center().x - 0.5 * width, area.center().y - 0.5 * scale * size1.y.max(size2.y));
        let rect1 = Rect::from_min_size(corner, scale * size1);
        let rect2 = Rect::from_min_size(rect1.right_top() + vec2(GAP, 0.0), scale * size2);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        for (texture, rect) in self.textures.iter().zip([rect1, rect2]) {
            match texture {
                Some(texture) => drop(painter.image(texture.id(), rect, whole, DIM)),
                None => drop(painter.rect_filled(rect, 0.0, EMPTY)),
            }
        }
        [rect1, rect2]
    }

    /// How matches are drawn over photographs that are there, in an area of the screen.
    pub(crate) fn view(
        &self,
        area: Rect,
        rects: [Rect; 2],
        pixels_per_point: f32,
        [inlier, outlier]: [f32; 2],
    ) -> View {
        let colour = |colour: Color32, opacity: f32| {
            let [r, g, b, _] = colour.to_array().map(|level| f32::from(level) / 255.0);
            [r, g, b, opacity]
        };
        let placed = |side: usize| {
            let scale = pixels_per_point * rects[side].size() / self.sizes_px[side];
            let offset = pixels_per_point * (rects[side].min - area.min);
            [scale.x, scale.y, offset.x, offset.y]
        };
        View {
            area_from_image: [placed(0), placed(1)],
            inlier_colour: colour(INLIER, inlier),
            outlier_colour: colour(OUTLIER, outlier),
            size_px: (pixels_per_point * area.size()).into(),
            half_width_px: 0.5 * pixels_per_point,
            radius_px: 2.0 * pixels_per_point,
            disc_opacities: DISC_OPACITIES,
            ..View::default()
        }
    }
}
