use crate::arrays::{column, points2, vector_to_numpy};
use crate::arrow::verify_batch;
use crate::cameras::camera_model;
use crate::errors::raise;
use crate::estimate::matrix_or_none;
use crate::keywords::Keywords;
use crate::options::{self, verify_options};
use crate::per_process::PerProcess;
use nabla_ransac::Error;
use nabla_ransac::collection::{self, Pair, TwoViewGeometry, VerifyOptions, View};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;

/// Finds two-view geometries as COLMAP's mappers take them. Made once, used for any number of pairs, from any number of threads.
#[pyclass(frozen, module = "nabla_ransac")]
pub(crate) struct Verifier {
    options: VerifyOptions,
    keywords: Option<Py<PyDict>>,
    made: PerProcess<collection::Verifier>,
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(py: Python<'_>, options: Option<Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut keywords = Keywords::new(py, options.as_ref())?;
        let asked = verify_options(&mut keywords)?;
        keywords.finish()?;
        Ok(Self { options: asked, keywords: options.map(Bound::unbind), made: PerProcess::new() })
    }

    /// Where it works: the adapter's name, or ``CPU``.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.made(py)?.device_name())
    }

    /// Every option of the estimator, as it was asked for.
    #[getter]
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        options::to_python(py, &self.options.estimator)
    }

    /// The geometry of one pair.
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    #[pyo3(signature = (points1, points2, *, camera1=None, camera2=None, size1=None, size2=None, ratios=None, seed=0))]
    fn verify_pair<'py>(
        &self,
        py: Python<'py>,
        points1: &Bound<'py, PyAny>,
        points2: &Bound<'py, PyAny>,
        camera1: Option<Bound<'py, PyAny>>,
        camera2: Option<Bound<'py, PyAny>>,
        size1: Option<[u64; 2]>,
        size2: Option<[u64; 2]>,
        ratios: Option<Bound<'py, PyAny>>,
        seed: u64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let views = [
            view(points1, ["points1", "camera1"], camera1.as_ref(), size1)?,
            view(points2, ["points2", "camera2"], camera2.as_ref(), size2)?,
        ];
        let [expected, found] = views.each_ref().map(|view| view.points_px().len());
        if found != expected {
            return Err(raise(Error::LengthMismatch { what: "points2", expected, found }));
        }
        let matches: Vec<[u32; 2]> = (0..expected as u32).map(|index| [index; 2]).collect();
        let ratios = ratios.map(|ratios| column(&ratios, "ratios")).transpose()?;
        let verifier = self.made(py)?;
        let pair = Pair { views: views.each_ref(), matches: &matches, ratios: ratios.as_deref(), seed };
        let geometry = py.detach(|| verifier.verify(&pair)).map_err(raise)?;
        to_python(py, &geometry)
    }

    /// Geometries of a record batch or table of pairs, a row a pair in their order; of pyarrow's types.
    #[pyo3(signature = (batch, *, seed=0))]
    fn verify_record_batch<'py>(
        &self,
        py: Python<'py>,
        batch: &Bound<'py, PyAny>,
        seed: u64,
    ) -> PyResult<Bound<'py, PyAny>> {
        verify_batch(py, &*self.made(py)?, batch, seed)
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> ((), Bound<'py, PyDict>) {
        let keywords = self.keywords.as_ref().map(|keywords| keywords.bind(py).clone());
        ((), keywords.unwrap_or_else(|| PyDict::new(py)))
    }
}

impl Verifier {
    fn made(&self, py: Python<'_>) -> PyResult<Arc<collection::Verifier>> {
        py.detach(|| self.made.get(|| collection::Verifier::new(self.options.clone()))).map_err(raise)
    }
}

fn view(
    points: &Bound<'_, PyAny>,
    [points_name, camera_name]: [&str; 2],
    camera: Option<&Bound<'_, PyAny>>,
    size_px: Option<[u64; 2]>,
) -> PyResult<View> {
    let points_px = points2(points, points_name)?;
    let camera = camera.map(|camera| camera_model(camera, camera_name, size_px)).transpose()?;
    let view = View::new(camera, points_px);
    Ok(match size_px {
        Some(size_px) => view.with_size(size_px),
        None => view,
    })
}

fn to_python<'py>(py: Python<'py>, geometry: &TwoViewGeometry) -> PyResult<Bound<'py, PyDict>> {
    let motion = geometry.camera2_from_camera1.as_ref();
    let found = PyDict::new(py);
    found.set_item("config", geometry.configuration.id())?;
    found.set_item("F", matrix_or_none(py, geometry.fundamental.as_ref())?)?;
    found.set_item("E", matrix_or_none(py, geometry.essential.as_ref())?)?;
    found.set_item("H", matrix_or_none(py, geometry.homography.as_ref())?)?;
    found.set_item("rotation", matrix_or_none(py, motion.map(|motion| &motion.rotation))?)?;
    found.set_item("translation", motion.map(|motion| vector_to_numpy(py, motion.translation)))?;
    found.set_item("inliers", PyArray1::from_slice(py, &geometry.inliers))?;
    found.set_item("score", geometry.score)?;
    found.set_item("iterations", geometry.iterations)?;
    found.set_item("ambiguous", geometry.ambiguous)?;
    Ok(found)
}
