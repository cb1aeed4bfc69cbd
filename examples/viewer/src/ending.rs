//! A window that closes by itself, for tests: after some frames, with a picture of the last.

use crate::app::App;
use crate::error::{Error, Result};
use eframe::egui::{self, ColorImage, ScreenshotCallback, ViewportCommand};
use image::{ImageError, RgbaImage};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

/// What the window showed at last.
pub(crate) type Ended = Result<Value>;

/// When it closes.
#[derive(Debug)]
pub(crate) struct Ends {
    /// With an answer.
    pub(crate) frames: u32,
    pub(crate) screenshot: Option<PathBuf>,
}

pub(crate) struct Ending {
    ends: Ends,
    frames: u32,
    sender: mpsc::Sender<Ended>,
    picture: Option<mpsc::Receiver<Arc<ColorImage>>>,
}

impl Ending {
    pub(crate) const fn new(ends: Ends, sender: mpsc::Sender<Ended>) -> Self {
        Self { ends, frames: 0, sender, picture: None }
    }

    /// After a frame; whether more are to come.
    pub(crate) fn frame(&mut self, app: &App, context: &egui::Context, is_settled: bool) -> bool {
        self.frames += u32::from(is_settled);
        let ended = match (&app.error, &self.ends.screenshot, &self.picture) {
            (Some(error), _, _) => Some(Err(Error::NoAnswer(error.clone()))),
            _ if self.frames < self.ends.frames => None,
            (_, None, _) => Some(Ok(self.state(app))),
            (_, Some(_), None) => {
                self.picture = Some(ask_for_picture(context));
                None
            }
            (_, Some(path), Some(picture)) => {
                let saved = picture.try_recv().ok().map(|picture| save(path, &picture));
                saved.map(|saved| saved.map(|()| self.state(app)))
            }
        };
        let Some(ended) = ended else { return true };
        // nobody but the one who waits for the window to close receives it
        drop(self.sender.send(ended));
        context.send_viewport_cmd(ViewportCommand::Close);
        false
    }

    fn state(&self, app: &App) -> Value {
        let second = app.shows_second();
        let scene = app.scene.as_ref();
        let motion = scene.and_then(|scene| scene.motion(second));
        json!({
            "model": app.settings.plan.kind,
            "sampler": app.settings.plan.sampling.name(),
            "threshold_px": app.settings.threshold_px,
            "matches": app.pair.record.matches.len(),
            "matches_used": scene.map(|scene| scene.answer.given.used.len()),
            "found": scene.is_some_and(|scene| scene.model.is_some()),
            "inliers": scene.map(|scene| scene.inlier_count(second)),
            "iterations": scene.map(|scene| scene.answer.result.iterations),
            "score": scene.map(|scene| scene.answer.result.score),
            "has_second_motion": scene.is_some_and(|scene| scene.motions[1].is_some()),
            "ambiguous": scene.is_some_and(|scene| scene.is_ambiguous()),
            "shows_second": second,
            "points": motion.map(|motion| motion.points.len()),
            "frames": self.frames,
            "frame_ms": app.pace.interval_ms(),
            "frame_cpu_ms": app.pace.cpu_ms(),
            "estimation_gpu_ms": app.pace.estimation_ms(),
            "device": app.device,
        })
    }
}

fn ask_for_picture(context: &egui::Context) -> mpsc::Receiver<Arc<ColorImage>> {
    let (sender, receiver) = mpsc::channel();
    let again = context.clone();
    let callback = ScreenshotCallback::new(move |picture| {
        drop(sender.send(picture));
        again.request_repaint();
    });
    context.send_viewport_cmd(ViewportCommand::Screenshot(callback));
    receiver
}

fn save(path: &Path, picture: &ColorImage) -> Result<()> {
    let failed = |source: ImageError| Error::Screenshot { path: path.to_owned(), source };
    let [width, height] = picture.size.map(|side| side as u32);
    let pixels = RgbaImage::from_raw(width, height, picture.as_raw().to_vec()).ok_or_else(|| Error::NotWgpu)?;
    // opaque, whatever the compositor makes of the window
    let opaque = image::DynamicImage::ImageRgba8(pixels).to_rgb8();
    opaque.save_with_format(path, image::ImageFormat::Png).map_err(failed)
}
