use std::path::PathBuf;
use thiserror::Error;

/// The result of everything in this program that can fail.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// What can go wrong; every message says what was expected and what came.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Library(#[from] nabla_ransac::Error),
    #[error("{}: expected a JPEG or PNG photograph, but {source}", path.display())]
    Photograph { path: PathBuf, source: image::ImageError },
    #[error(
        "{}: expected the photograph of {expected_px:?} pixels that the matches are of, at any scale, but it has {found_px:?}", path.display()
    )]
    OtherPhotograph { path: PathBuf, expected_px: [u32; 2], found_px: [u32; 2] },
    #[error("{file}: expected matches of two images, but it has {found}")]
    NotTwoImages { file: String, found: &'static str },
    #[error("{0}: expected at least one pair, but it has none")]
    NoPair(String),
    #[error("--sampler {sampler}: expected {needed}")]
    Sampler { sampler: &'static str, needed: &'static str },
    #[error("expected a window on a display, but {0}")]
    Window(eframe::Error),
    #[error("expected a window that wgpu draws, but eframe chose something else")]
    NotWgpu,
    #[error("{}: expected to write a picture of the window there, but {source}", path.display())]
    Screenshot { path: PathBuf, source: image::ImageError },
    #[error("{0}")]
    NoAnswer(String),
    #[error("expected an answer to look at, but the window was closed before it came")]
    Closed,
}

impl From<eframe::Error> for Error {
    fn from(error: eframe::Error) -> Self {
        use eframe::egui_wgpu::WgpuError;
        match error {
            eframe::Error::Wgpu(WgpuError::RequestAdapterError(error)) => no_adapter(error),
            // without any adapter there is nothing to draw on either
            eframe::Error::Wgpu(WgpuError::CreateSurfaceError(error)) => no_adapter(error),
            error => Self::Window(error),
        }
    }
}

fn no_adapter(error: impl ToString) -> Error {
    Error::Library(nabla_ransac::Error::NoAdapter { details: error.to_string() })
}
