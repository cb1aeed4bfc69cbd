//! The matches on the GPU, with what is known of each.

use crate::pair::Pair;
use nabla_ransac::data::PairRecord;
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::HostBuffers;

/// With room for all matches of the pair, in one of our buffers each, from which both the network and the estimator read.
pub(crate) struct MatchBuffers {
    /// x1 y1 x2 y2, pixels.
    pub(crate) points_px: TypedBuffer<[f32; 4]>,
    ratios: Option<TypedBuffer<f32>>,
    key_points: Option<TypedBuffer<[f32; 4]>>,
}

impl MatchBuffers {
    pub(crate) fn new(context: &Context, record: &PairRecord) -> Self {
        let room = record.matches.len();
        let has_key_points = record.scales_px.is_some() && record.angles_deg.is_some();
        Self {
            points_px: TypedBuffer::new(context, "the window's matches", room),
            ratios: record.ratios.is_some().then(|| TypedBuffer::new(context, "their SNN ratios", room)),
            key_points: has_key_points.then(|| TypedBuffer::new(context, "their key points", room)),
        }
    }

    pub(crate) const fn room(&self) -> u32 {
        self.points_px.len() as u32
    }

    /// Writes those that are used, ahead of the next submission.
    pub(crate) fn write(&self, context: &Context, pair: &Pair, used: &[usize]) {
        let [points1, points2] = &pair.points_px;
        let point = |&k: &usize| [points1[k].x, points1[k].y, points2[k].x, points2[k].y].map(|x| x as f32);
        self.points_px.write(context, 0, &used.iter().map(point).collect::<Vec<_>>());
        let PairRecord { ratios, scales_px, angles_deg, .. } = &pair.record;
        if let (Some(buffer), Some(ratios)) = (&self.ratios, ratios) {
            buffer.write(context, 0, &used.iter().map(|&k| ratios[k]).collect::<Vec<_>>());
        }
        if let (Some(buffer), Some([s1, s2]), Some([a1, a2])) = (&self.key_points, scales_px, angles_deg) {
            buffer.write(context, 0, &used.iter().map(|&k| [s1[k], s2[k], a1[k], a2[k]]).collect::<Vec<_>>());
        }
    }

    pub(crate) fn host_buffers(&self) -> HostBuffers {
        HostBuffers {
            matches: Some(self.points_px.part()),
            ratios: self.ratios.as_ref().map(TypedBuffer::part),
            key_points: self.key_points.as_ref().map(TypedBuffer::part),
            ..HostBuffers::default()
        }
    }
}
