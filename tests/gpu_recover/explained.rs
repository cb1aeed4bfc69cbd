//! Homographies that explain inliers.

use crate::Agreement;
use crate::batch::{Batch, OTHERS, matrix};
use crate::plane_scenes::PlaneScene;
use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::constants::{HAS_HOMOGRAPHY, HYPOTHESES, PLANAR};
use nabla_ransac::cpu::recover::{explain_by_homography::homography_explains, two_views::TwoViews};
use nabla_ransac::kernels::layout::Pair;

impl Batch {
    /// The largest distance in image 2 between what two homographies in pixels make of inliers.
    fn distance_px(&self, pair: usize, a: &DMat3, b: &DMat3, scene: &PlaneScene) -> f64 {
        let map = |h: &DMat3, p: DVec2| {
            let mapped: DVec3 = *h * p.extend(1.0);
            mapped.truncate() / mapped.z
        };
        let first = self.range(pair).start;
        let inliers = self.range(pair).filter(|&i| self.mask[i] != 0).map(|i| i - first);
        inliers
            .filter(|&i| map(b, scene.points1[i]).distance(scene.points2[i]) < 2.0)
            .map(|i| map(a, scene.points1[i]).distance(map(b, scene.points1[i])))
            .fold(0.0, f64::max)
    }

    fn in_pixels(&self, pair: usize, h: &DMat3) -> DMat3 {
        let Pair { offset1, scale1, offset2, scale2, .. } = self.pairs[pair];
        let normalising = |offset: [f32; 3], scale: [f32; 3]| {
            let [o, s] = [offset, scale].map(|v| DVec3::from_array(v.map(f64::from)));
            DMat3::from_cols(DVec3::X * s.x, DVec3::Y * s.y, DVec3::new(-o.x * s.x, -o.y * s.y, 1.0))
        };
        normalising(offset2, scale2).inverse() * *h * normalising(offset1, scale1)
    }

    pub(crate) fn check_explained(&self, agreement: &mut Agreement, scenes: &[PlaneScene]) {
        for (pair, scene) in scenes.iter().enumerate() {
            let found = &self.diagnoses[pair];
            let inlier = |i: usize| self.results[pair].status == 0 && self.mask[i] != 0;
            let [points1, points2] = self.points(pair, inlier);
            assert_eq!(points1.len() as u32, self.results[pair].inliers);
            let views =
                TwoViews { points1: &points1, points2: &points2, metric: self.pairs[pair].metric.map(f64::from) };
            let expected = homography_explains(&views, self.seed(pair), HYPOTHESES);
            let has = found.flags & HAS_HOMOGRAPHY != 0;
            let planar = expected.is_some_and(|(_, count)| count as f64 >= 0.8 * points1.len() as f64);
            let flag = |is_set: bool, flag: u32| if is_set { flag } else { 0 };
            let flags = OTHERS | flag(planar, PLANAR) | flag(expected.is_some(), HAS_HOMOGRAPHY);
            agreement.compared += 1;
            agreement.same_existence += usize::from(expected.is_some() == has);
            agreement.same_flags += usize::from(found.flags == flags);
            if !has {
                assert_eq!((found.homography, found.homography_inliers), ([[0.0; 4]; 3], 0));
            }
            let (Some((expected, count)), true) = (expected, has) else { continue };
            agreement.exist += 1;
            agreement.same_count += usize::from(found.homography_inliers.abs_diff(count as u32) <= 1);
            let expected = self.in_pixels(pair, &expected);
            let distance = self.distance_px(pair, &matrix(&found.homography), &expected, scene);
            agreement.same_winner += usize::from(distance < 0.1);
        }
    }
}
