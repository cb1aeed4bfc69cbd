//! Real RGB-D frames, where they are there.

use crate::files::benchmark;
use glam::DVec3;
use nabla_ransac::data::{Frame, FrameOptions, FrameSet, Truth};
use nabla_ransac::localise::CellGrid;

fn open(part: &str, truth: Truth) -> Option<FrameSet> {
    let folder = benchmark(&format!("localisation/redkitchen/{part}"))?;
    Some(FrameSet::open(&folder, &FrameOptions { truth: Some(truth), ..FrameOptions::default() }).unwrap())
}

/// Depth less that of the other frame where it sees the same, metres.
fn differences(frame: &Frame, other: &Frame) -> Vec<f64> {
    let [grid, other_grid] = [frame, other].map(|frame| CellGrid::new(frame.size_px));
    let [points, other_points] =
        [(frame, grid), (other, other_grid)].map(|(f, g)| f.depth_points(&g).unwrap().unwrap());
    let other_from_frame = other.camera_from_world.unwrap() * frame.camera_from_world.unwrap().inverse();
    let difference = |point: DVec3| {
        let point = other_from_frame.transform(point);
        let pixel = other.camera.project(point.truncate() / point.z).filter(|_| point.z > 0.0)?;
        Some(point.z - other_points[other_grid.cell_of(pixel)?]?.z)
    };
    points.into_iter().flatten().filter_map(difference).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn depth_of_neighbours_is_the_same_by_either_truth() {
    for truth in [Truth::DepthSlam, Truth::Sfm] {
        let (Some(train), Some(test)) = (open("train", truth), open("test", truth)) else { return };
        assert_eq!((train.frames.len(), test.frames.len()), (340, 60));
        assert_eq!((&train.warnings, &test.warnings), (&vec![], &vec![]));
        assert_eq!((&*train.name, train.truth), ("train", Some(truth)));
        for first in [0, 100, 250] {
            let [frame, other] = [first, first + 4].map(|number| &train.frames[number]);
            let all = differences(frame, other);
            assert!(all.len() > 500, "{} cells", all.len());
            let off = median(all.iter().map(|difference| difference.abs()).collect());
            assert!(off < 0.05, "{} and {}: {off} m", frame.name, other.name);
            let image = frame.image().unwrap();
            assert_eq!(image.size_px, [320, 240]);
        }
    }
}
