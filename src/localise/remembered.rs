use super::Encoder;
use crate::geometry::Pose;
use glam::DVec3;
use half::f16;

/// Cells whose points are known.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    pub(super) encoder: Encoder,
    columns: usize,
    descriptors: Descriptors,
    /// Of the scene.
    pub(super) points: Vec<DVec3>,
    /// Places on the grids of their photographs.
    places: Vec<u32>,
    /// Of each photograph: its first cell, and camera_from_world.
    frames: Vec<(usize, Pose)>,
}

/// Cell × columns.
#[derive(Clone, Debug)]
enum Descriptors {
    /// Gradients, from 0 to 1, in 255ths.
    Bytes(Vec<u8>),
    /// What networks make.
    Halves(Vec<f16>),
}

impl Remembered {
    pub(super) fn new(encoder: Encoder) -> Self {
        let descriptors = match encoder {
            Encoder::Gradients => Descriptors::Bytes(Vec::new()),
            Encoder::Network(_) => Descriptors::Halves(Vec::new()),
        };
        let columns = encoder.columns();
        Self { encoder, columns, descriptors, points: Vec::new(), places: Vec::new(), frames: Vec::new() }
    }

    pub(super) const fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// Another photograph, that the cells to come are of.
    pub(super) fn add_frame(&mut self, camera_from_world: Pose) {
        self.frames.push((self.len(), camera_from_world));
    }

    /// A cell of the last photograph.
    pub(super) fn add(&mut self, place: usize, descriptor: &[f32], point: DVec3) {
        match &mut self.descriptors {
            Descriptors::Bytes(bytes) => bytes.extend(descriptor.iter().map(|&x| (x * 255.0).round() as u8)),
            Descriptors::Halves(halves) => halves.extend(descriptor.iter().map(|&x| f16::from_f32(x))),
        }
        self.points.push(point);
        self.places.push(place as u32);
    }

    /// Writes the descriptor of a cell.
    pub(super) fn read(&self, cell: usize, descriptor: &mut [f32]) {
        let range = cell * self.columns..(cell + 1) * self.columns;
        match &self.descriptors {
            Descriptors::Bytes(bytes) => {
                descriptor.iter_mut().zip(&bytes[range]).for_each(|(x, &byte)| *x = f32::from(byte) / 255.0);
            }
            Descriptors::Halves(halves) => {
                descriptor.iter_mut().zip(&halves[range]).for_each(|(x, half)| *x = half.to_f32());
            }
        }
    }

    /// camera_from_world of the photograph of a cell.
    #[cfg(feature = "train")]
    pub(super) fn pose(&self, cell: usize) -> &Pose {
        let after = self.frames.partition_point(|(first, _)| *first <= cell);
        &self.frames[after - 1].1
    }

    /// The points of a photograph's cells with their places on its grid, in the frame of its camera.
    #[cfg(feature = "train")]
    pub(super) fn of_frame(&self, frame: usize) -> impl Iterator<Item = (usize, DVec3)> {
        let (first, pose) = &self.frames[frame];
        let end = self.frames.get(frame + 1).map_or(self.len(), |(next, _)| *next);
        (*first..end).map(|cell| (self.places[cell] as usize, pose.transform(self.points[cell])))
    }
}
