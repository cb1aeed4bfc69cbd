//! Rows of pairs: read to be verified, and made of a database's.

use super::columns::{Cell, Columns, Lists, Source, numbers_in};
use super::schema::{ANGLES, CAMERAS, PAIR_ID, POINTS, RATIOS, SCALES};
use crate::Result;
use crate::collection::View;
use crate::geometry::CameraModel;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch, StructArray};
use glam::DVec2;

/// The pairs of a record batch.
pub(super) struct PairRows<'a> {
    ids: &'a [i64],
    cameras: [Option<Cameras<'a>>; 2],
    points: [[Lists<'a>; 2]; 2],
    ratios: Option<Lists<'a>>,
    /// Scales and angles of both images.
    shapes: Option<[[Lists<'a>; 2]; 2]>,
}

/// A pair's own views, and its SNN ratios. Match i is of key point i in both.
pub(super) struct PairRow {
    pub(super) views: [View; 2],
    pub(super) ratios: Option<Vec<f32>>,
}

impl PairRow {
    pub(super) fn match_count(&self) -> usize {
        self.views[0].points_px().len()
    }

    /// Match i is of key point i.
    pub(super) fn matches(&self) -> Vec<[u32; 2]> {
        (0..self.match_count() as u32).map(|index| [index; 2]).collect()
    }
}

impl<'a> PairRows<'a> {
    /// Columns that are read; others need not be.
    pub(super) fn columns() -> Vec<&'static str> {
        let mut names = vec![PAIR_ID, RATIOS];
        names.extend([CAMERAS, POINTS, SCALES, ANGLES].as_flattened());
        names
    }

    /// # Errors
    /// [`Error::Row`](crate::Error::Row): a column is missing or of another type, or a pair has no number.
    pub(super) fn new(batch: &'a RecordBatch, source: Source<'a>) -> Result<Self> {
        let columns = Columns { batch, source };
        let all_shapes =
            [SCALES[0], SCALES[1], ANGLES[0], ANGLES[1]].map(|name| columns.optional_lists::<Float32Type>(name));
        let [scales1, scales2, angles1, angles2] = all_shapes;
        let shapes = match (scales1?, scales2?, angles1?, angles2?) {
            (Some(scales1), Some(scales2), Some(angles1), Some(angles2)) => {
                Some([[scales1, angles1], [scales2, angles2]])
            }
            _ => None,
        };
        Ok(Self {
            ids: columns.numbers::<Int64Type>(PAIR_ID)?.values(),
            cameras: [Cameras::new(&columns, CAMERAS[0])?, Cameras::new(&columns, CAMERAS[1])?],
            points: [columns.nested_lists::<Float32Type>(POINTS[0])?, columns.nested_lists::<Float32Type>(POINTS[1])?],
            ratios: columns.optional_lists::<Float32Type>(RATIOS)?,
            shapes,
        })
    }

    pub(super) fn ids(&self) -> &'a [i64] {
        self.ids
    }

    /// One pair, or the column that is wrong with it, and why.
    pub(super) fn pair(&self, row: usize) -> Cell<PairRow> {
        let points = [self.points_of(0, row)?, self.points_of(1, row)?];
        let count = points[0].len();
        if points[1].len() != count {
            return Err(format!(
                "{}: expected {count} points, one a match, but there are {}",
                POINTS[1],
                points[1].len()
            ));
        }
        let column = |lists: Lists<'a>, name: &str| {
            let numbers = numbers(lists, row, count);
            numbers.map_err(|message| format!("{name}: {message}"))
        };
        let ratios = self.ratios.map(|lists| column(lists, RATIOS)).transpose()?.flatten();
        let mut views = Vec::with_capacity(2);
        for (side, points) in points.into_iter().enumerate() {
            let shapes = match self.shapes.map(|shapes| shapes[side]) {
                Some([scales, angles]) => column(scales, SCALES[side])?.zip(column(angles, ANGLES[side])?),
                None => None,
            };
            let camera = self.cameras[side].as_ref().and_then(|cameras| cameras.of(row)).transpose();
            let camera = camera.map_err(|message| format!("{}: {message}", CAMERAS[side]))?;
            views.push(view(camera, points, shapes));
        }
        let views = <[View; 2]>::try_from(views).map_err(|_| "expected two views".to_owned())?;
        Ok(PairRow { views, ratios })
    }

    fn points_of(&self, side: usize, row: usize) -> Cell<Vec<DVec2>> {
        let [outer, inner] = self.points[side];
        let fail = |message: String| format!("{}: {message}", POINTS[side]);
        let range = outer.range(row);
        for (place, point) in range.clone().enumerate() {
            let found = inner.range(point).len();
            if inner.is_null(point) || found != 2 {
                return Err(fail(format!("expected x and y of point {place}, but it has {found} numbers or is null")));
            }
        }
        if range.is_empty() {
            return Ok(Vec::new());
        }
        // points lie side by side in lists of any kind
        let numbers = inner.range(range.start).start..inner.range(range.end - 1).end;
        if numbers.len() != 2 * range.len() {
            return Err(fail("expected x and y of each point, side by side".to_owned()));
        }
        let numbers = numbers_in::<Float32Type>(inner.entries, numbers).map_err(fail)?;
        let (points, _) = numbers.as_chunks::<2>();
        Ok(points.iter().map(|&[x, y]| DVec2::new(x.into(), y.into())).collect())
    }
}

fn numbers(lists: Lists<'_>, row: usize, count: usize) -> Cell<Option<Vec<f32>>> {
    if lists.is_null(row) {
        return Ok(None);
    }
    let numbers = lists.numbers::<Float32Type>(row)?;
    if numbers.len() != count {
        return Err(format!("expected {count} numbers, one a match, but there are {}", numbers.len()));
    }
    Ok(Some(numbers.to_vec()))
}

fn view(camera: Option<Camera>, points: Vec<DVec2>, shapes: Option<(Vec<f32>, Vec<f32>)>) -> View {
    let (model, size_px) = camera.map_or((None, None), |camera| (camera.model, Some(camera.size_px)));
    let view = View::new(model, points);
    let view = match size_px {
        Some(size_px) => view.with_size(size_px),
        None => view,
    };
    match shapes {
        Some((scales_px, angles_deg)) => view.with_shapes(scales_px, angles_deg),
        None => view,
    }
}

/// A column of cameras.
struct Cameras<'a> {
    array: &'a StructArray,
    models: &'a [i32],
    sizes: [&'a [i64]; 2],
    parameters: Lists<'a>,
    priors: &'a arrow_array::BooleanArray,
}

struct Camera {
    /// Where the focal length is known before.
    model: Option<CameraModel>,
    size_px: [u64; 2],
}

impl<'a> Cameras<'a> {
    fn new(columns: &Columns<'a>, name: &str) -> Result<Option<Self>> {
        let Some(array) = columns.find(name) else { return Ok(None) };
        let wrong = || {
            let fields = super::schema::camera_fields();
            let expected =
                fields.iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect::<Vec<_>>();
            columns.wrong_type(name, &format!("a struct of {}", expected.join(", ")), array)
        };
        let array = array.as_struct_opt().ok_or_else(wrong)?;
        let integers =
            |part: &str| Some(array.column_by_name(part)?.as_primitive_opt::<Int64Type>()?.values().as_ref());
        let cameras = || {
            let parameters = Lists::of(array.column_by_name("params")?)?;
            parameters.entries.as_primitive_opt::<Float64Type>()?;
            Some(Self {
                array,
                models: array.column_by_name("model")?.as_primitive_opt::<Int32Type>()?.values(),
                sizes: [integers("width")?, integers("height")?],
                parameters,
                priors: array.column_by_name("prior")?.as_boolean_opt()?,
            })
        };
        cameras().map(Some).ok_or_else(wrong)
    }

    fn of(&self, row: usize) -> Option<Cell<Camera>> {
        if self.array.is_null(row) {
            return None;
        }
        if self.array.columns().iter().any(|part| part.is_null(row)) {
            return Some(Err("expected a camera with all its parts, but one is null".to_owned()));
        }
        let camera = || {
            let size_px = self.sizes.map(|sides| u64::try_from(sides[row]).unwrap_or(0));
            let parameters = self.parameters.numbers::<Float64Type>(row)?.to_vec();
            let model = CameraModel::new(self.models[row], size_px, parameters).map_err(|error| error.to_string())?;
            Ok(Camera { model: self.priors.value(row).then_some(model), size_px })
        };
        Some(camera())
    }
}
