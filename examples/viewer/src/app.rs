//! The window's content, frame by frame.

use crate::arguments::Start;
use crate::ending::{Ended, Ending};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::match_lines::View;
use crate::orbit::Orbit;
use crate::pace::Pace;
use crate::pair::Pair;
use crate::photographs::Photographs;
use crate::scene::Scene;
use crate::settings::{Display, Settings};
use eframe::egui::{self, CentralPanel, Frame, Margin, Panel, Sense, Ui};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::wgpu;
use nabla_ransac::ModelKind;
use nabla_ransac::gpu::Context;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

/// From one look at what is being made to the next.
const SOON: Duration = Duration::from_millis(30);
/// Lines are the fainter, the more there are, so that the photographs stay visible.
const OPACITIES: [[f32; 2]; 2] = [[0.15, 0.5], [0.05, 0.18]];

pub(crate) struct App {
    pub(crate) pair: Arc<Pair>,
    pub(crate) settings: Settings,
    pub(crate) display: Display,
    pub(crate) scene: Option<Scene>,
    /// Why there is no answer to these settings.
    pub(crate) error: Option<String>,
    pub(crate) pace: Pace,
    pub(crate) device: String,
    gpu: SharedGpu,
    photographs: Photographs,
    orbit: Orbit,
    ending: Option<Ending>,
    /// What the device complains of, to which wgpu's own answer is to panic.
    faults: mpsc::Receiver<String>,
}

/// Between the window's content and what is called while its frame is encoded, on one thread.
#[derive(Clone)]
struct SharedGpu(Arc<Mutex<Gpu>>);

impl SharedGpu {
    fn get(&self) -> MutexGuard<'_, Gpu> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    pub(crate) fn new(
        creation: &eframe::CreationContext<'_>,
        start: Start,
        ended: mpsc::Sender<Ended>,
    ) -> Result<Self> {
        let render = creation.wgpu_render_state.as_ref().ok_or(Error::NotWgpu)?;
        let context = Context::from_device(render.device.clone(), render.queue.clone());
        let pair = Arc::new(start.pair);
        let (sender, faults) = mpsc::channel();
        // once the window is closed, nobody asks
        render.device.on_uncaptured_error(Arc::new(move |error| drop(sender.send(error.to_string()))));
        creation.egui_ctx.set_theme(egui::Theme::Dark);
        Ok(Self {
            device: context.name(),
            gpu: SharedGpu(Arc::new(Mutex::new(Gpu::new(context, render.target_format, Arc::clone(&pair))))),
            photographs: Photographs::new(&creation.egui_ctx, &pair),
            pair,
            settings: start.settings,
            display: start.display,
            scene: None,
            error: None,
            pace: Pace::default(),
            orbit: Orbit::default(),
            ending: start.ends.map(|ends| Ending::new(ends, ended)),
            faults,
        })
    }

    /// Takes what earlier frames found, and sees to it that this one estimates what is new.
    fn advance(&mut self) -> Result<()> {
        let mut gpu = self.gpu.get();
        if let Some(answer) = gpu.answer()? {
            let scene = Scene::new(&self.pair, answer);
            scene.motions[1].iter().for_each(|second| gpu.write_second(&second.inliers));
            self.pace.estimated(scene.answer.milliseconds);
            self.scene = Some(scene);
        }
        gpu.advance(self.settings, self.display.every_frame)
    }

    /// Whether what is shown is the answer to the settings, or where each frame has another one, an answer to them.
    fn is_settled(&self) -> bool {
        let of_plan = |scene: &Scene| scene.answer.given.settings == self.settings;
        self.scene.as_ref().is_some_and(of_plan)
            && (self.display.every_frame || self.gpu.get().is_settled(&self.settings))
    }

    pub(crate) fn shows_second(&self) -> bool {
        self.display.second && self.scene.as_ref().is_some_and(|scene| scene.motions[1].is_some())
    }

    fn show_photographs(&self, ui: &mut Ui) {
        let (response, painter) = ui.allocate_painter(ui.available_size(), Sense::hover());
        let rects = self.photographs.draw(&painter, response.rect);
        let count = self.scene.as_ref().map_or(0, |scene| scene.answer.given.used.len());
        let share = (300.0 / count.max(1) as f32).min(1.0);
        let [inlier, outlier] = OPACITIES.map(|[least, most]| (most * share).max(least));
        let outlier = if self.display.only_inliers { 0.0 } else { outlier };
        let view = self.photographs.view(response.rect, rects, ui.pixels_per_point(), [inlier, outlier]);
        let in_frame = InFrame { gpu: self.gpu.clone(), view, second: self.shows_second() };
        painter.add(Callback::new_paint_callback(response.rect, in_frame));
    }

    /// Draws the next frame as soon as there is something to draw.
    fn ask_for_frames(&self, context: &egui::Context, is_settled: bool) {
        if self.display.every_frame || self.ending.is_some() && is_settled {
            context.request_repaint();
        } else if !is_settled && self.error.is_none() {
            context.request_repaint_after(SOON);
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.pace.frame(frame.info().cpu_usage);
        self.press_keys(ui);
        Panel::left("settings").resizable(false).exact_size(286.0).show(ui, |ui| self.show_controls(ui));
        let failed = self.advance().err().map(|error| error.to_string());
        if let Some(error) = failed.or_else(|| self.faults.try_recv().ok()) {
            self.error = Some(error);
        }
        let (is_settled, second) = (self.is_settled(), self.shows_second());
        let plain = Frame::new().inner_margin(Margin::same(6)).fill(ui.visuals().panel_fill);
        // a homography tells no depth
        if self.settings.plan.kind != ModelKind::Homography {
            Panel::bottom("points").default_size(400.0).frame(plain).show(ui, |ui| {
                let motion = self.scene.as_ref().and_then(|scene| Some((scene.motion(second)?, &scene.cameras)));
                self.orbit.show(ui, motion);
            });
        }
        CentralPanel::default().frame(plain).show(ui, |ui| self.show_photographs(ui));
        self.ask_for_frames(ui.ctx(), is_settled);
        if let Some(mut ending) = self.ending.take() {
            let goes_on = ending.frame(self, ui.ctx(), is_settled);
            self.ending = goes_on.then_some(ending);
        }
    }
}

/// What a frame encodes and draws of ours.
struct InFrame {
    gpu: SharedGpu,
    view: View,
    second: bool,
}

impl CallbackTrait for InFrame {
    fn prepare(
        &self,
        _: &wgpu::Device,
        _: &wgpu::Queue,
        _: &ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        _: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        self.gpu.get().encode(encoder, self.view);
        Vec::new()
    }

    fn paint(&self, _: egui::PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, _: &CallbackResources) {
        self.gpu.get().draw(pass, self.second);
    }
}
