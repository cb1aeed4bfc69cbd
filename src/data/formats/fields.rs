//! From named arrays to a record: the one home of the field names. `docs/data-formats.md` lists them.

use super::array::{Array, Arrays, Message};
use super::camera::rows_text;
use crate::data::PairRecord;
use crate::geometry::{Camera, Intrinsics, Matches, Pose};
use glam::{DMat3, DVec2, DVec3};

/// The record that these arrays hold.
pub(crate) fn record(id: &str, arrays: &dyn Arrays) -> Message<PairRecord> {
    let fields = Fields { arrays };
    if fields.first(&["points2d"])?.is_some() { fields.query(id) } else { fields.pair(id) }
}

struct Fields<'a> {
    arrays: &'a dyn Arrays,
}

impl Fields<'_> {
    fn pair(&self, id: &str) -> Message<PairRecord> {
        let points1_px = self.points2d(&["points1", "pts1"])?;
        let points2_px = self.points2d(&["points2", "pts2"])?;
        let cameras = match (self.camera("K1")?, self.camera("K2")?) {
            (Some(camera1), Some(camera2)) => Some([camera1, camera2]),
            (None, None) => None,
            _ => return Err("expected both K1 and K2, but there is only one of them".to_owned()),
        };
        let mut record = PairRecord::new(id.to_owned(), Matches::TwoView { points1_px, points2_px, cameras });
        record.mutual = self.list(&["mutual"])?.map(|list| list.iter().map(|&flag| flag != 0.0).collect());
        record.scales_px = self.both("scale1", "scale2")?;
        record.angles_deg = self.both("angle1", "angle2")?;
        record.labels = self.list(&["label"])?.map(|list| list.iter().map(|&label| label as i32).collect());
        record.sizes_px = self.sizes()?;
        record.truth = self.pose()?.map(unit_translation).transpose()?;
        self.complete(record)
    }

    fn query(&self, id: &str) -> Message<PairRecord> {
        let points_px = self.points2d(&["points2d"])?;
        let points_world = self.required(&["points3d"])?.rows::<3>("points3d")?;
        let points_world = points_world.into_iter().map(DVec3::from).collect();
        let matches = Matches::ImageWorld { points_px, points_world, camera: self.camera("K")? };
        let mut record = PairRecord::new(id.to_owned(), matches);
        if let Some(size) = self.first(&["size"])? {
            let [width, height] = size.exactly("size")?;
            record.sizes_px = Some([[width as u32, height as u32]; 2]);
        }
        record.truth = self.pose()?;
        self.complete(record)
    }

    /// What both kinds have, and the check of the lengths.
    fn complete(&self, mut record: PairRecord) -> Message<PairRecord> {
        record.ratios = self.list(&["ratio", "ratios"])?.map(to_f32);
        record.weights = self.list(&["weight", "weights"])?.map(to_f32);
        record.check_lengths().map_err(|error| error.to_string())?;
        Ok(record)
    }

    fn first(&self, names: &[&str]) -> Message<Option<Array>> {
        for name in names {
            if let Some(array) = self.arrays.array(name)? {
                return Ok(Some(array));
            }
        }
        Ok(None)
    }

    fn required(&self, names: &[&str]) -> Message<Array> {
        self.first(names)?.ok_or_else(|| format!("expected an array {}, but there is none", names.join(" or ")))
    }

    fn points2d(&self, names: &[&str]) -> Message<Vec<DVec2>> {
        Ok(self.required(names)?.rows::<2>(names[0])?.into_iter().map(DVec2::from).collect())
    }

    fn list(&self, names: &[&str]) -> Message<Option<Vec<f64>>> {
        self.first(names)?.map(|array| array.list(names[0])).transpose()
    }

    fn both(&self, name1: &str, name2: &str) -> Message<Option<[Vec<f32>; 2]>> {
        Ok(self.list(&[name1])?.zip(self.list(&[name2])?).map(|(list1, list2)| [to_f32(list1), to_f32(list2)]))
    }

    fn matrix(&self, name: &str) -> Message<Option<DMat3>> {
        let Some(array) = self.first(&[name])? else { return Ok(None) };
        let rows: [f64; 9] = array.exactly(name)?;
        Ok(Some(DMat3::from_cols_array(&rows).transpose()))
    }

    fn camera(&self, name: &str) -> Message<Option<Camera>> {
        let Some(k) = self.matrix(name)? else { return Ok(None) };
        Intrinsics::of_matrix(name, &k).map(Some)
    }

    /// `sizes` is (width1, height1, width2, height2); `size1` and `size2` are (height, width).
    fn sizes(&self) -> Message<Option<[[u32; 2]; 2]>> {
        if let Some(sizes) = self.first(&["sizes"])? {
            let [width1, height1, width2, height2] = sizes.exactly("sizes")?.map(|size: f64| size as u32);
            return Ok(Some([[width1, height1], [width2, height2]]));
        }
        let size = |name: &str| -> Message<Option<[u32; 2]>> {
            let Some(size) = self.first(&[name])? else { return Ok(None) };
            // A colour image's shape has its channels after height and width.
            let Some(&[height, width]) = size.values.first_chunk::<2>() else {
                return Err(format!("array {name}: expected (height, width), but its shape is {:?}", size.shape));
            };
            Ok(Some([width as u32, height as u32]))
        };
        Ok(size("size1")?.zip(size("size2")?).map(|(size1, size2)| [size1, size2]))
    }

    fn pose(&self) -> Message<Option<Pose>> {
        let (Some(rotation), Some(translation)) = (self.matrix("R")?, self.first(&["t"])?) else { return Ok(None) };
        let translation = DVec3::from(translation.exactly::<3>("t")?);
        let off = rotation * rotation.transpose() - DMat3::IDENTITY;
        let orthonormal = off.to_cols_array().into_iter().all(|entry| entry.abs() < 1e-3);
        if !orthonormal || rotation.determinant() < 0.0 {
            return Err(format!("R: expected a rotation matrix, but its rows are {}", rows_text(&rotation)));
        }
        if !translation.is_finite() {
            return Err(format!("t: expected finite numbers, but it is {translation}"));
        }
        Ok(Some(Pose { rotation, translation }))
    }
}

fn to_f32(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}

fn unit_translation(pose: Pose) -> Message<Pose> {
    let translation = pose.translation.try_normalize();
    let translation = translation.ok_or("t: expected a direction, but it is zero")?;
    Ok(Pose { translation, ..pose })
}
