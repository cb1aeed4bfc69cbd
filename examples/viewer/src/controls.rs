//! The panel of settings and figures, and the keys.

use crate::app::App;
use crate::photographs::{INLIER, OUTLIER};
use crate::scene::Scene;
use crate::settings::{KINDS, Sampling};
use eframe::egui::{Color32, Key, RichText, Slider, SliderClamping, Ui};
use nabla_ransac::ModelKind;
use nabla_ransac::constants::{BAD_INPUT, NO_MODEL, NOT_FINITE, PLANAR, ROTATION_ONLY, TOO_FEW};
use std::path::Path;

const WARNING: Color32 = Color32::from_rgb(240, 160, 90);
const KEYS: [(&str, &str); 6] = [
    ("E  F  H", "model"),
    ("S", "next sampler"),
    ("M", "second motion"),
    ("I", "inliers only"),
    ("L", "every frame"),
    ("Space", "other samples"),
];

impl App {
    pub(crate) fn press_keys(&mut self, ui: &Ui) {
        if ui.ctx().egui_wants_keyboard_input() {
            return;
        }
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        for (key, kind) in [Key::E, Key::F, Key::H].into_iter().zip(KINDS) {
            if pressed(key) {
                self.choose(kind);
            }
        }
        if pressed(Key::S) {
            self.choose_next_sampling();
        }
        self.display.second ^= pressed(Key::M);
        self.display.only_inliers ^= pressed(Key::I);
        self.display.every_frame ^= pressed(Key::L);
        if pressed(Key::Space) {
            self.settings.seed = self.settings.seed.wrapping_add(1);
        }
    }

    /// A kind of model, with another sampler where that of now does not serve it.
    fn choose(&mut self, kind: ModelKind) {
        let plan = &mut self.settings.plan;
        plan.kind = kind;
        if !plan.sampling.serves(kind, self.pair.has_ratios()) {
            plan.sampling = Sampling::best(kind, self.pair.has_ratios());
        }
    }

    fn choose_next_sampling(&mut self) {
        let plan = self.settings.plan;
        let serving = Sampling::ALL.into_iter().filter(|sampling| sampling.serves(plan.kind, self.pair.has_ratios()));
        let next = serving.clone().cycle().skip_while(|&sampling| sampling != plan.sampling).nth(1);
        self.settings.plan.sampling = next.unwrap_or(plan.sampling);
    }

    pub(crate) fn show_controls(&mut self, ui: &mut Ui) {
        let before = (self.settings, self.display);
        ui.spacing_mut().slider_width = 150.0;
        ui.spacing_mut().item_spacing.y = 6.0;
        ui.add_space(8.0);
        ui.heading("nabla-ransac");
        let name = Path::new(&self.pair.file).file_name().unwrap_or_default();
        ui.weak(name.to_string_lossy()).on_hover_text(&self.pair.file);
        ui.add_space(8.0);
        self.show_choices(ui);
        ui.add_space(8.0);
        self.show_sliders(ui);
        ui.add_space(8.0);
        ui.checkbox(&mut self.display.only_inliers, "inliers only");
        ui.checkbox(&mut self.display.every_frame, "estimate in every frame");
        let has_second = self.scene.as_ref().is_some_and(|scene| scene.motions[1].is_some());
        ui.add_enabled_ui(has_second, |ui| ui.checkbox(&mut self.display.second, "second motion"));
        ui.separator();
        self.show_figures(ui);
        ui.separator();
        for (key, what) in KEYS {
            ui.horizontal(|ui| {
                ui.monospace(format!("{key:8}"));
                ui.weak(what);
            });
        }
        ui.weak("3-D: drag to turn, scroll to zoom");
        if before != (self.settings, self.display) {
            self.error = None;
            self.pace.forget();
        }
    }

    fn show_choices(&mut self, ui: &mut Ui) {
        let mut kind = self.settings.plan.kind;
        ui.horizontal(|ui| {
            for choice in KINDS {
                ui.selectable_value(&mut kind, choice, choice.name());
            }
        });
        self.choose(kind);
        let has_ratios = self.pair.has_ratios();
        ui.horizontal(|ui| {
            ui.label("sampler");
            for choice in Sampling::ALL {
                ui.add_enabled_ui(choice.serves(kind, has_ratios), |ui| {
                    ui.selectable_value(&mut self.settings.plan.sampling, choice, choice.name());
                });
            }
        });
    }

    fn show_sliders(&mut self, ui: &mut Ui) {
        let settings = &mut self.settings;
        // the command line may say what is beyond a slider
        let beyond = SliderClamping::Edits;
        let threshold = Slider::new(&mut settings.threshold_px, 0.1..=20.0).logarithmic(true).suffix(" px");
        ui.label("inlier threshold");
        ui.add(threshold.clamping(beyond));
        ui.label("hypotheses at most");
        ui.add(Slider::new(&mut settings.plan.hypotheses, 64..=16384).logarithmic(true).clamping(beyond));
        ui.label("SNN ratio below");
        let ratio = Slider::new(&mut settings.ratio_below, 0.4..=1.0).clamping(beyond);
        ui.add_enabled(self.pair.has_ratios(), ratio);
        if self.pair.cameras.is_none() {
            let likely = self.pair.likely_focal_px;
            let focal = Slider::new(&mut settings.assumed_focal_px, 0.3 * likely..=4.0 * likely).logarithmic(true);
            ui.label("focal length, not known: assumed");
            ui.add(focal.fixed_decimals(0).suffix(" px"));
        }
    }

    fn show_figures(&self, ui: &mut Ui) {
        if let Some(error) = &self.error {
            ui.colored_label(WARNING, error);
        }
        match &self.scene {
            Some(scene) => self.show_answer(ui, scene),
            None if self.error.is_none() => drop(ui.label("compiling shaders …")),
            None => {}
        }
        let milliseconds = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1} ms"));
        ui.label(format!("estimation {} on the GPU", milliseconds(self.pace.estimation_ms())));
        ui.label(format!("frame {} on the CPU", milliseconds(self.pace.cpu_ms())));
        if self.display.every_frame {
            ui.label(format!("{} from frame to frame", milliseconds(self.pace.interval_ms())));
        }
        ui.weak(&self.device);
    }

    fn show_answer(&self, ui: &mut Ui, scene: &Scene) {
        let answer = &scene.answer;
        let used = answer.given.used.len();
        if scene.model.is_none() {
            ui.colored_label(WARNING, why_none(answer.result.status));
        }
        let count = scene.inlier_count(self.shows_second());
        ui.horizontal(|ui| {
            let large = |number: usize, colour| RichText::new(number.to_string()).size(20.0).strong().color(colour);
            ui.label(large(count, INLIER));
            ui.label("inliers");
            ui.label(large(used - count, OUTLIER));
            ui.label("outliers");
        });
        ui.label(format!("score {:.1}, {} hypotheses", answer.result.score, answer.result.iterations));
        let says = |flag| answer.diagnosis.flags & flag != 0;
        if says(ROTATION_ONLY) {
            ui.colored_label(WARNING, "a rotation alone explains most inliers");
        } else if says(PLANAR) {
            ui.colored_label(WARNING, "one plane explains most inliers");
        }
        if scene.motions[1].is_some() {
            let share = 100.0 * answer.diagnosis.second_score / answer.result.score;
            let ambiguous = if scene.is_ambiguous() { "ambiguous: " } else { "" };
            let which = if self.shows_second() { "this second motion has" } else { "a second motion (M) has" };
            ui.colored_label(WARNING, format!("{ambiguous}{which} {share:.0} % of the score"));
        }
        if let Some(motion) = scene.motion(self.shows_second()) {
            ui.label(format!("{} points in front of both cameras", motion.points.len()));
        }
    }
}

/// What the status of a pair without a model says.
const fn why_none(status: u32) -> &'static str {
    match status {
        _ if status & NOT_FINITE != 0 => "expected finite coordinates, but a match has one that is not",
        _ if status & TOO_FEW != 0 => "expected enough different matches for a sample, but there are fewer",
        _ if status & BAD_INPUT != 0 => "expected a positive threshold and positive focal lengths",
        _ if status & NO_MODEL != 0 => "no model found",
        _ => "no answer",
    }
}
