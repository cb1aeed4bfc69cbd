//! Changed pairs: the truth stays true and what is known of each match goes with it.

#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use glam::DVec2;
use nabla_ransac::data::augment::{
    crop_image, exchange_partners, random_part, rotate_image, swap_images, usual_matches, zoom_image,
};
use nabla_ransac::data::synthetic::problems::generator;
use nabla_ransac::data::{Augmentation, PairRecord, SyntheticOptions, SyntheticPairs};
use nabla_ransac::geometry::Matches;
use nabla_ransac::geometry::accuracy::{farther_epipolar_px, fundamental_of_pose};
use nabla_ransac::{Camera, Error};

fn pairs() -> impl Iterator<Item = PairRecord> {
    let options = SyntheticOptions { matches: [60, 400], learned_share: 0.0, ..SyntheticOptions::default() };
    let pairs = SyntheticPairs::new(options, 3).unwrap();
    (0..20).map(move |index| pairs.pair(index))
}

fn two_view(record: &PairRecord) -> (&[DVec2], &[DVec2], [Camera; 2]) {
    let Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) } = &record.matches else {
        panic!("two views")
    };
    (points1_px, points2_px, *cameras)
}

fn distances_px(record: &PairRecord) -> Vec<f64> {
    let (points1, points2, cameras) = two_view(record);
    let truth = fundamental_of_pose(record.truth.as_ref().unwrap(), &cameras);
    points1.iter().zip(points2).map(|(&p1, &p2)| farther_epipolar_px(&truth, p1, p2)).collect()
}

#[track_caller]
fn same_distances(a: &PairRecord, b: &PairRecord) {
    for (a, b) in distances_px(a).into_iter().zip(distances_px(b)) {
        assert!((a - b).abs() < 1e-6 * (1.0 + a), "{a} is not {b}");
    }
}

fn change_in_scale_and_angle(record: &PairRecord) -> Vec<(f32, f32)> {
    let ([scale1, scale2], [angle1, angle2]) =
        (record.scales_px.as_ref().unwrap(), record.angles_deg.as_ref().unwrap());
    let scales = scale1.iter().zip(scale2).map(|(a, b)| (b / a).ln());
    scales.zip(angle1.iter().zip(angle2).map(|(a, b)| (b - a).rem_euclid(360.0))).collect()
}

#[test]
fn exchanged_images_have_the_inverse_motion_and_twice_is_nothing() {
    for record in pairs() {
        let swapped = swap_images(record.clone());
        same_distances(&record, &swapped);
        assert_eq!(two_view(&swapped).0, two_view(&record).1);
        assert_eq!(swapped.ratios, record.ratios);
        assert_eq!(swapped.sizes_px.unwrap()[0], record.sizes_px.unwrap()[1]);
        assert_eq!(swapped.scales_px.as_ref().unwrap()[1], record.scales_px.as_ref().unwrap()[0]);
        let twice = swap_images(swapped);
        assert_eq!(twice.matches, record.matches);
        assert!((twice.truth.unwrap().translation - record.truth.unwrap().translation).length() < 1e-12);
    }
}

#[test]
fn a_turned_image_keeps_every_distance_and_turns_the_angles() {
    for (record, which) in pairs().zip([0, 1].into_iter().cycle()) {
        for degrees in [90.0, -37.0, 180.0] {
            let turned = rotate_image(record.clone(), which, f64::to_radians(degrees));
            same_distances(&record, &turned);
            let sign = if which == 0 { -1.0 } else { 1.0 };
            for ((scale, angle), (scale_before, angle_before)) in
                change_in_scale_and_angle(&turned).into_iter().zip(change_in_scale_and_angle(&record))
            {
                let off = (angle - angle_before - sign * degrees as f32).rem_euclid(360.0);
                assert!(scale == scale_before && off.min(360.0 - off) < 1e-2, "{off}");
            }
        }
        let sideways = rotate_image(record.clone(), which, std::f64::consts::FRAC_PI_2);
        let [width, height] = record.sizes_px.unwrap()[which];
        let canvas = sideways.sizes_px.unwrap()[which];
        assert!(canvas[0].abs_diff(height) <= 1 && canvas[1].abs_diff(width) <= 1, "{canvas:?}");
        let (before, after) = match which {
            0 => (two_view(&record).0, two_view(&sideways).0),
            _ => (two_view(&record).1, two_view(&sideways).1),
        };
        // clockwise: what was at the left is at the top
        assert!(before.iter().zip(after).all(|(before, after)| (after.y - before.x).abs() < 1.0));
    }
}

#[test]
fn unequal_focal_lengths_turn_as_well() {
    for mut record in pairs().take(5) {
        let Matches::TwoView { points2_px, cameras: Some([_, camera]), .. } = &mut record.matches else {
            panic!("views")
        };
        let wide = Camera { focal_px: camera.focal_px * DVec2::new(1.3, 1.0), skew_px: 5.0, ..*camera };
        points2_px.iter_mut().for_each(|point| *point = wide.project(camera.normalize(*point)));
        *camera = wide;
        let right = |record: &PairRecord| distances_px(record).iter().filter(|&&d| d < 1.0).count() as f64;
        let turned = rotate_image(record.clone(), 1, 0.7);
        assert!((right(&turned) / right(&record) - 1.0).abs() < 0.15);
    }
}

#[test]
fn a_zoomed_image_scales_its_side_and_a_cut_leaves_what_is_inside() {
    for record in pairs() {
        let zoomed = zoom_image(record.clone(), 1, 2.0);
        for (after, before) in change_in_scale_and_angle(&zoomed).iter().zip(change_in_scale_and_angle(&record)) {
            assert!((after.0 - before.0 - 2f32.ln()).abs() < 1e-4 && after.1 == before.1);
        }
        let back = zoom_image(zoomed.clone(), 1, 0.5);
        same_distances(&record, &back);
        assert_eq!(zoomed.sizes_px.unwrap()[1], record.sizes_px.unwrap()[1].map(|side| 2 * side));

        let [width, height] = record.sizes_px.unwrap()[0];
        let cut = crop_image(record.clone(), 0, [width / 4, 0], [width / 2, height]);
        let kept: Vec<usize> = two_view(&record)
            .0
            .iter()
            .enumerate()
            .filter(|(_, p)| (p.x - f64::from(width / 4) + 0.5) * (f64::from(width / 4 + width / 2) - 0.5 - p.x) >= 0.0)
            .map(|(index, _)| index)
            .filter(|&index| (-0.5..=f64::from(height) - 0.5).contains(&two_view(&record).0[index].y))
            .collect();
        same_distances(&record.select(&kept), &cut);
        assert_eq!(cut.matches.len(), kept.len());
    }
}

#[test]
fn exchanged_partners_are_wrong_matches_of_the_same_points() {
    let (mut before, mut after) = (0, 0);
    for record in pairs() {
        let changed = exchange_partners(&mut generator(1), record.clone(), 0.4);
        assert!(changed.ratios.as_ref().unwrap().is_sorted());
        let sorted = |points: &[DVec2]| {
            let mut bits: Vec<_> = points.iter().map(|p| p.to_array().map(f64::to_bits)).collect();
            bits.sort_unstable();
            bits
        };
        assert_eq!(sorted(two_view(&changed).0), sorted(two_view(&record).0));
        assert_eq!(sorted(two_view(&changed).1), sorted(two_view(&record).1));
        let right = |record: &PairRecord| record.right_matches().unwrap().iter().filter(|&&right| right).count();
        before += right(&record);
        after += right(&changed);
        assert_eq!(exchange_partners(&mut generator(1), record.clone(), 0.0), record);
    }
    let left = after as f64 / before as f64;
    assert!((0.5..0.8).contains(&left), "{left}");
}

#[test]
fn usual_matches_are_those_below_the_limit_of_the_ratio() {
    for record in pairs() {
        let usual = record.select(&usual_matches(&record)).ratios.unwrap();
        let below = record.ratios.as_ref().unwrap().iter().filter(|&&ratio| ratio < 0.8).count();
        assert_eq!(usual.len(), below.max(32));
        let learned = PairRecord { scales_px: None, angles_deg: None, ..record };
        assert_eq!(usual_matches(&learned).len(), learned.matches.len());
    }
}

#[test]
fn a_part_is_a_part() {
    for record in pairs() {
        let part = random_part(&mut generator(2), record.clone(), 40);
        assert_eq!(part.matches.len(), record.matches.len().min(40));
        assert!(part.ratios.as_ref().unwrap().is_sorted());
        let (before, after) = (two_view(&record).0, two_view(&part).0);
        assert!(after.iter().all(|point| before.contains(point)));
    }
}

#[test]
fn changes_at_random_repeat_with_the_seed_and_keep_right_matches() {
    let augmentation = Augmentation::default();
    let (mut with_scales, mut right, mut all) = (0, 0, 0);
    for (seed, record) in pairs().enumerate() {
        for round in 0..10 {
            let rng = || generator((seed * 100 + round) as u64);
            let changed = augmentation.apply(&mut rng(), &record, 7);
            assert_eq!(changed, augmentation.apply(&mut rng(), &record, 7));
            let labels = changed.right_matches().unwrap();
            assert!(labels.iter().filter(|&&right| right).count() >= 7);
            assert_eq!(labels.len(), changed.matches.second_len());
            with_scales += usize::from(changed.scales_px.is_some());
            right += labels.iter().filter(|&&right| right).count();
            all += labels.len();
        }
    }
    assert!((135..185).contains(&with_scales), "{with_scales}");
    assert!((0.2..0.7).contains(&(right as f64 / all as f64)));
}

#[test]
fn none_changes_nothing_and_bad_shares_are_refused() {
    for record in pairs().take(3) {
        assert_eq!(Augmentation::none().apply(&mut generator(0), &record, 7), record);
    }
    assert!(Augmentation::none().check().is_ok() && Augmentation::default().check().is_ok());
    let refused = |augmentation: Augmentation| matches!(augmentation.check(), Err(Error::BadOption { .. }));
    assert!(refused(Augmentation { rotate: 0.9, ..Augmentation::default() }));
    assert!(refused(Augmentation { ratio_below: [0.9, 0.8], ..Augmentation::default() }));
    assert!(refused(Augmentation { matches: 3, ..Augmentation::default() }));
}
