//! Pixels to normalised coordinates, columns padded for vector loops, and models back to pixels.
//!
//! Normalised = (pixel − offset) · scale in each image. Calibrated images take offset and scale from their camera; the
//! others, and 3-D points, from the box of the bulk of the points, so that coordinates lie in −1..=1 but for points far off.

use crate::constants::FARTHEST;
use crate::geometry::{Bounds, Camera, MatchesView, Model, ModelKind, Pose};
use crate::{
    algebra::{matrix3::unit_frobenius, svd3::Svd3},
    cpu::residual::ModelRows,
};
use glam::{DMat3, DVec2, DVec3};

/// Columns are padded to a multiple of this many matches with matches of weight 0.
pub const BLOCK: usize = 64;

/// An offset and a scale along each axis: normalised = (x − offset) · scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// What is mapped to 0.
    pub offset: DVec3,
    /// Normalised units per pixel, or per unit of the 3-D points.
    pub scale: DVec3,
}

impl Scaling {
    fn of_camera(camera: &Camera) -> Self {
        Self { offset: camera.principal_point_px.extend(0.0), scale: (1.0 / camera.focal_px).extend(1.0) }
    }

    fn of_points(count: usize, point: impl Fn(usize) -> DVec3) -> Self {
        let bounds = Bounds::of(count, point);
        let (size, offset) = (bounds.size(), bounds.centre());
        let scale = if size.is_finite() && size > 0.0 { 1.0 / size } else { 1.0 };
        Self { offset: if offset.is_finite() { offset } else { DVec3::ZERO }, scale: DVec3::splat(scale) }
    }

    fn apply2(&self, point: DVec2) -> DVec2 {
        (point - self.offset.truncate()) * self.scale.truncate()
    }

    fn apply3(&self, point: DVec3) -> DVec3 {
        (point - self.offset) * self.scale
    }

    /// The 3×3 matrix that maps homogeneous pixels to normalised points.
    fn matrix2(&self) -> DMat3 {
        let (o, s) = (self.offset, self.scale);
        DMat3::from_cols(DVec3::X * s.x, DVec3::Y * s.y, DVec3::new(-o.x * s.x, -o.y * s.y, 1.0))
    }
}

/// The matches of one problem in normalised coordinates.
#[derive(Clone, Debug)]
pub struct NormalizedMatches {
    /// What they are for.
    pub kind: ModelKind,
    /// How many, without the padding.
    pub count: usize,
    /// Column-wise: x1 y1 x2 y2 of two views, X Y Z x y of a pose, X1 Y1 Z1 X2 Y2 Z2 of a rigid transform.
    pub columns: [Vec<f64>; 6],
    /// The same in f32.
    pub columns_f32: [Vec<f32>; 6],
    /// Weight of each match in the score; 0 in the padding.
    pub score_weights: Vec<f32>,
    /// Sum of the score weights from each block on, for the early end of a hopeless count.
    pub remaining_weight: Vec<f32>,
    /// Weight of each match in the refinement.
    pub refinement_weights: Vec<f64>,
    /// One threshold in normalised units, for x1, y1, x2, y2.
    pub metric: [f64; 4],
    /// The scaling of the first and the second side.
    pub scaling: [Scaling; 2],
}

impl NormalizedMatches {
    /// Normalises; `threshold_px` is the inlier threshold, the weights are 1 where none are given.
    pub fn new(
        view: &MatchesView<'_>,
        threshold_px: f64,
        score_weights: Option<&[f32]>,
        refinement_weights: Option<&[f32]>,
    ) -> Self {
        let scaling = scalings(view);
        let [first, second] = scaling;
        let rows: Vec<[f64; 6]> = match *view {
            MatchesView::Essential { points1_px, points2_px, camera1, camera2 } => {
                two_view_rows(points1_px, points2_px, |p| camera1.normalize(p), |p| camera2.normalize(p))
            }
            MatchesView::Fundamental { points1_px, points2_px }
            | MatchesView::Homography { points1_px, points2_px } => {
                two_view_rows(points1_px, points2_px, |p| first.apply2(p), |p| second.apply2(p))
            }
            MatchesView::Pose { points_px, points_world, camera } => points_px
                .iter()
                .zip(points_world)
                .map(|(&p, &x)| (camera.normalize(p), first.apply3(x)))
                .map(|(p, x)| [x.x, x.y, x.z, p.x, p.y, 0.0])
                .collect(),
            MatchesView::Rigid { points1, points2 } => points1
                .iter()
                .zip(points2)
                .map(|(&p, &q)| (first.apply3(p), second.apply3(q)))
                .map(|(p, q)| [p.x, p.y, p.z, q.x, q.y, q.z])
                .collect(),
        };
        let unit = |s: &Scaling| s.scale * threshold_px;
        let (unit1, unit2) = (unit(&first), unit(&second));
        Self::from_rows(
            view.kind(),
            &rows,
            [unit1.x, unit1.y, unit2.x, unit2.y],
            scaling,
            score_weights,
            refinement_weights,
        )
    }

    /// Of rows that are normalised already, all of weight 1.
    pub fn of_rows(kind: ModelKind, rows: &[[f64; 6]], metric: [f64; 4]) -> Self {
        let as_is = Scaling { offset: DVec3::ZERO, scale: DVec3::ONE };
        Self::from_rows(kind, rows, metric, [as_is; 2], None, None)
    }

    fn from_rows(
        kind: ModelKind,
        rows: &[[f64; 6]],
        metric: [f64; 4],
        scaling: [Scaling; 2],
        score_weights: Option<&[f32]>,
        refinement_weights: Option<&[f32]>,
    ) -> Self {
        let count = rows.len();
        let padded = count.next_multiple_of(BLOCK);
        let padding = rows.first().copied().unwrap_or_default();
        let columns: [Vec<f64>; 6] = std::array::from_fn(|k| {
            let mut column: Vec<f64> = rows.iter().map(|row| row[k]).collect();
            column.resize(padded, padding[k]);
            column
        });
        let columns_f32 = single_precision(kind, &columns);
        let weights = |given: Option<&[f32]>| {
            let mut weights = given.map_or_else(|| vec![1.0; count], <[f32]>::to_vec);
            weights.resize(padded, 0.0);
            weights
        };
        let score_weights = weights(score_weights);
        let mut remaining_weight: Vec<f32> = score_weights.chunks(BLOCK).map(|block| block.iter().sum()).collect();
        for block in (1..remaining_weight.len()).rev() {
            remaining_weight[block - 1] += remaining_weight[block];
        }
        let refinement_weights = weights(refinement_weights).into_iter().map(f64::from).collect();
        Self { kind, count, columns, columns_f32, score_weights, remaining_weight, refinement_weights, metric, scaling }
    }

    /// The same matches with these weights in the score and in the refinement.
    pub fn with_weights(&self, weights: &[f32]) -> Self {
        let rows: Vec<[f64; 6]> = (0..self.count)
            .map(|row| self.columns.each_ref().map(|column| column.get(row).copied().unwrap_or_default()))
            .collect();
        Self::from_rows(self.kind, &rows, self.metric, self.scaling, Some(weights), Some(weights))
    }

    /// The two normalised image points of a match of two views.
    #[inline(always)]
    pub fn two_view(&self, index: usize) -> [DVec2; 2] {
        let [x1, y1, x2, y2, ..] = &self.columns;
        [DVec2::new(x1[index], y1[index]), DVec2::new(x2[index], y2[index])]
    }

    /// The two sides of a sample of two views, or `None` for another number of matches than `M`.
    #[inline(always)]
    pub fn two_view_sample<const M: usize>(&self, sample: &[u32]) -> Option<[[DVec2; M]; 2]> {
        let sample: &[u32; M] = sample.try_into().ok()?;
        let points = sample.map(|i| self.two_view(i as usize));
        Some([points.map(|p| p[0]), points.map(|p| p[1])])
    }

    /// The two sides of the matches of two views that a condition on their index picks.
    pub fn two_view_points(&self, pick: impl Fn(usize) -> bool) -> [Vec<DVec2>; 2] {
        let (points1, points2) = (0..self.count).filter(|&i| pick(i)).map(|i| self.two_view(i).into()).unzip();
        [points1, points2]
    }

    /// The normalised world and image point of a match for a pose.
    #[inline(always)]
    pub fn world_image(&self, index: usize) -> (DVec3, DVec2) {
        let [x, y, z, u, v, _] = &self.columns;
        (DVec3::new(x[index], y[index], z[index]), DVec2::new(u[index], v[index]))
    }

    /// The two normalised 3-D points of a match for a rigid transform.
    #[inline(always)]
    pub fn world_world(&self, index: usize) -> [DVec3; 2] {
        let c = &self.columns;
        [0, 3].map(|k| DVec3::new(c[k][index], c[k + 1][index], c[k + 2][index]))
    }

    /// A homography of two views in pixels, whatever the kind of the matches.
    pub fn denormalize_homography(&self, rows: &ModelRows) -> DMat3 {
        homography_in_pixels(&self.scaling, rows)
    }

    /// The rows of a fundamental matrix in pixels, of norm 1.
    pub fn normalize_fundamental(&self, fundamental: &DMat3) -> ModelRows {
        normalize(&self.scaling, &Model::Fundamental(*fundamental))
    }

    /// The rows of a model in pixels, or in the units of the points; `None` for another kind than that of the matches.
    pub fn normalize_model(&self, model: &Model) -> Option<ModelRows> {
        (model.kind() == self.kind).then(|| normalize(&self.scaling, model))
    }

    /// The model in pixels, or in the units of the points.
    pub fn denormalize(&self, rows: &ModelRows) -> Model {
        denormalize(self.kind, &self.scaling, rows)
    }
}

fn homography_in_pixels([first, second]: &[Scaling; 2], rows: &ModelRows) -> DMat3 {
    unit(second.matrix2().inverse() * matrix_of(rows) * first.matrix2())
}

/// The rows of a model in normalised coordinates, matrices of norm 1: the inverse of [`denormalize`].
pub fn normalize([first, second]: &[Scaling; 2], model: &Model) -> ModelRows {
    match model {
        Model::Essential(motion) => rows_of_pose(motion),
        Model::Fundamental(matrix) => {
            let [first, second] = [first, second].map(|scaling| scaling.matrix2().inverse());
            rows_of_matrix(&unit(second.transpose() * *matrix * first))
        }
        Model::Homography(matrix) => rows_of_matrix(&unit(second.matrix2() * *matrix * first.matrix2().inverse())),
        Model::Pose(Pose { rotation, translation }) => {
            let translation = (*translation + *rotation * first.offset) * first.scale.x;
            rows_of_pose(&Pose { rotation: *rotation, translation })
        }
        Model::Rigid(Pose { rotation, translation }) => {
            let translation = (*translation - second.offset + *rotation * first.offset) * first.scale.x;
            rows_of_pose(&Pose { rotation: *rotation, translation })
        }
    }
}

/// A motion `[R | t]` whose R is off the rotations by rounding, with the rotation closest to it; that of an essential matrix with t of
/// length 1.
pub(crate) fn closest_motion(kind: ModelKind, rows: &ModelRows) -> ModelRows {
    let Pose { rotation, translation } = pose_of(rows);
    let translation = if kind == ModelKind::Essential { translation.normalize() } else { translation };
    rows_of_pose(&Pose { rotation: Svd3::new(&rotation).closest_rotation(), translation })
}

/// The model in pixels, or in the units of the points, of its rows in normalised coordinates.
pub fn denormalize(kind: ModelKind, scaling: &[Scaling; 2], rows: &ModelRows) -> Model {
    let [first, second] = scaling;
    match kind {
        ModelKind::Essential => Model::Essential(pose_of(rows)),
        ModelKind::Fundamental => {
            Model::Fundamental(unit(second.matrix2().transpose() * matrix_of(rows) * first.matrix2()))
        }
        ModelKind::Homography => Model::Homography(homography_in_pixels(scaling, rows)),
        ModelKind::Pose => {
            let Pose { rotation, translation } = pose_of(rows);
            Model::Pose(Pose { rotation, translation: translation / first.scale.x - rotation * first.offset })
        }
        ModelKind::Rigid => {
            let Pose { rotation, translation } = pose_of(rows);
            let translation = translation / first.scale.x + second.offset - rotation * first.offset;
            Model::Rigid(Pose { rotation, translation })
        }
    }
}

/// The scalings of the first and the second side of the matches.
pub fn scalings(view: &MatchesView<'_>) -> [Scaling; 2] {
    match view {
        MatchesView::Essential { camera1, camera2, .. } => [Scaling::of_camera(camera1), Scaling::of_camera(camera2)],
        MatchesView::Fundamental { points1_px, points2_px } | MatchesView::Homography { points1_px, points2_px } => {
            [points1_px, points2_px].map(|points| Scaling::of_points(points.len(), |i| points[i].extend(0.0)))
        }
        MatchesView::Pose { points_world, camera, .. } => {
            [Scaling::of_points(points_world.len(), |i| points_world[i]), Scaling::of_camera(camera)]
        }
        MatchesView::Rigid { points1, points2 } => {
            let [first, second] = [points1, points2].map(|points| Scaling::of_points(points.len(), |i| points[i]));
            let scale = first.scale.min(second.scale);
            [Scaling { scale, ..first }, Scaling { scale, ..second }]
        }
    }
}

/// The columns in f32, no point of a side farther than [`FARTHEST`].
fn single_precision(kind: ModelKind, columns: &[Vec<f64>; 6]) -> [Vec<f32>; 6] {
    let sides: [&[usize]; 2] = match kind {
        ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => [&[0, 1], &[2, 3]],
        ModelKind::Pose => [&[0, 1, 2], &[3, 4]],
        ModelKind::Rigid => [&[0, 1, 2], &[3, 4, 5]],
    };
    let mut singles = columns.each_ref().map(|column| column.iter().map(|&x| x as f32).collect::<Vec<_>>());
    let farthest = f64::from(FARTHEST);
    for side in sides {
        for row in 0..columns[0].len() {
            let size = side.iter().map(|&k| columns[k][row].abs()).fold(0.0, f64::max);
            if size > farthest {
                side.iter().for_each(|&k| singles[k][row] = (columns[k][row] * (farthest / size)) as f32);
            }
        }
    }
    singles
}

fn two_view_rows(
    points1: &[DVec2],
    points2: &[DVec2],
    normalize1: impl Fn(DVec2) -> DVec2,
    normalize2: impl Fn(DVec2) -> DVec2,
) -> Vec<[f64; 6]> {
    points1
        .iter()
        .zip(points2)
        .map(|(&p, &q)| (normalize1(p), normalize2(q)))
        .map(|(p, q)| [p.x, p.y, q.x, q.y, 0.0, 0.0])
        .collect()
}

fn unit(m: DMat3) -> DMat3 {
    unit_frobenius(&m).unwrap_or(m)
}

/// The rows `[R | t]` of a pose.
pub fn rows_of_pose(pose: &Pose) -> ModelRows {
    let t = pose.translation.to_array();
    std::array::from_fn(|i| {
        let r = pose.rotation.row(i);
        [r.x, r.y, r.z, t[i]]
    })
}

/// The pose with rows `[R | t]`.
pub fn pose_of(rows: &ModelRows) -> Pose {
    Pose { rotation: matrix_of(rows), translation: DVec3::from_array(rows.map(|row| row[3])) }
}

/// The rows of a 3×3 matrix, with 0 in the fourth column.
pub fn rows_of_matrix(matrix: &DMat3) -> ModelRows {
    rows_of_pose(&Pose { rotation: *matrix, translation: DVec3::ZERO })
}

/// The left 3×3 of the rows.
pub fn matrix_of(rows: &ModelRows) -> DMat3 {
    let rows = rows.map(|r| DVec3::new(r[0], r[1], r[2]));
    DMat3::from_cols(rows[0], rows[1], rows[2]).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_in_pixels_agree_with_the_normalised_ones() {
        let points1 = [DVec2::new(10.0, 20.0), DVec2::new(400.0, 300.0), DVec2::new(100.0, 700.0)];
        let points2 = points1.map(|p| p * 1.5 + DVec2::new(3.0, -7.0));
        let view = MatchesView::Homography { points1_px: &points1, points2_px: &points2 };
        let matches = NormalizedMatches::new(&view, 1.0, None, None);
        let similarity = rows_of_matrix(&DMat3::IDENTITY);
        let Model::Homography(h) = matches.denormalize(&similarity) else { panic!("wrong kind") };
        for (p, q) in points1.iter().zip(points2) {
            let mapped = h * p.extend(1.0);
            assert!((mapped.truncate() / mapped.z - q).length() < 1e-9);
        }
    }

    #[test]
    fn rigid_models_return_to_the_units_of_the_points() {
        let points1 = [DVec3::new(1.0, 2.0, 3.0), DVec3::new(-4.0, 0.0, 9.0), DVec3::new(5.0, 5.0, 5.0)];
        let shift = DVec3::new(100.0, -50.0, 3.0);
        let points2 = points1.map(|p| p + shift);
        let matches =
            NormalizedMatches::new(&MatchesView::Rigid { points1: &points1, points2: &points2 }, 0.1, None, None);
        let Model::Rigid(pose) = matches.denormalize(&rows_of_pose(&Pose::IDENTITY)) else { panic!("wrong kind") };
        assert!((pose.translation - shift).length() < 1e-12);
    }
}
