//! What lives on the device, and what each frame of the window encodes: the estimation, the copies that are read later, the drawing.

use crate::clock::Clock;
use crate::error::Result;
use crate::estimation::Estimation;
use crate::match_buffers::MatchBuffers;
use crate::match_lines::{MatchLines, View};
use crate::pair::Pair;
use crate::reading::{Answer, Given, Reading};
use crate::settings::{Plan, Settings};
use eframe::wgpu;
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::layout::PairInput;
use std::sync::{Arc, mpsc};
use std::thread;

/// Runs that are not timed: in the first one some drivers compile.
const UNTIMED: u32 = 1;

pub(crate) struct Gpu {
    context: Context,
    pair: Arc<Pair>,
    matches: Arc<MatchBuffers>,
    /// Of the second motion, by the CPU from what was read.
    second_mask: TypedBuffer<u32>,
    lines: MatchLines,
    clock: Option<Clock>,
    made: Option<Made>,
    /// What is made for other settings, on its way.
    coming: Option<mpsc::Receiver<nabla_ransac::Result<Estimation>>>,
    asked: Option<Plan>,
    given: Option<Given>,
    /// Of estimations so far.
    number: u32,
    /// Whether the next frame estimates.
    is_due: bool,
    reading: Option<Reading>,
    /// The number of the estimation that was read last.
    read: u32,
}

struct Made {
    estimation: Estimation,
    runs: u32,
    /// With the mask of the winner, and of the second motion.
    bound: [wgpu::BindGroup; 2],
}

impl Gpu {
    pub(crate) fn new(context: Context, format: wgpu::TextureFormat, pair: Arc<Pair>) -> Self {
        let matches = MatchBuffers::new(&context, &pair.record);
        Self {
            second_mask: TypedBuffer::new(&context, "mask of the second motion", pair.record.matches.len()),
            lines: MatchLines::new(&context, format),
            clock: Clock::new(&context),
            matches: Arc::new(matches),
            context,
            pair,
            made: None,
            coming: None,
            asked: None,
            given: None,
            number: 0,
            is_due: false,
            reading: None,
            read: 0,
        }
    }

    /// Before a frame: sees to it that it estimates what is asked for, if anything is new; in every frame, each time from other samples,
    /// where that is wished.
    pub(crate) fn advance(&mut self, settings: Settings, every_frame: bool) -> Result<()> {
        self.receive()?;
        if self.asked != Some(settings.plan) && self.coming.is_none() {
            self.make(settings.plan);
        }
        let Some(made) = self.made.as_ref().filter(|made| made.estimation.plan == settings.plan) else { return Ok(()) };
        let is_new = self.given.as_ref().is_none_or(|given| given.settings != settings);
        if is_new || every_frame || made.runs < UNTIMED + 1 {
            self.give(settings, if every_frame { self.number } else { 0 })?;
        }
        Ok(())
    }

    /// Makes what the plan takes in a thread of its own: the window goes on.
    fn make(&mut self, plan: Plan) {
        let (sender, receiver) = mpsc::channel();
        let (context, matches) = (self.context.clone(), Arc::clone(&self.matches));
        // where the window is closed meanwhile, nobody receives it
        thread::spawn(move || drop(sender.send(Estimation::new(&context, plan, &matches))));
        (self.asked, self.coming) = (Some(plan), Some(receiver));
    }

    fn receive(&mut self) -> Result<()> {
        let Some(Ok(estimation)) = self.coming.as_ref().map(mpsc::Receiver::try_recv) else { return Ok(()) };
        self.coming = None;
        let estimation = estimation?;
        let masks = [estimation.pipeline.inlier_mask(), &self.second_mask];
        let bound = masks.map(|mask| self.lines.bind(&self.context, &self.matches.points_px, mask));
        (self.made, self.given, self.reading) = (Some(Made { estimation, runs: 0, bound }), None, None);
        Ok(())
    }

    /// Writes what the next frame estimates from.
    fn give(&mut self, settings: Settings, seed_high: u32) -> Result<()> {
        let Some(made) = &mut self.made else { return Ok(()) };
        let same_matches = |given: &Given| given.settings.ratio_below == settings.ratio_below;
        let used = match self.given.take().filter(same_matches) {
            Some(given) => given.used,
            None => {
                let (at_least, room) = (settings.plan.kind.sample_size(), self.matches.room() as usize);
                let used = self.pair.record.best_by_ratio(settings.ratio_below, at_least, room);
                self.matches.write(&self.context, &self.pair, &used);
                Arc::new(used)
            }
        };
        made.estimation.write(PairInput { seed_high, ..input(&self.pair, &settings, used.len()) })?;
        self.number = self.number.wrapping_add(1);
        self.given = Some(Given { number: self.number, is_timed: made.runs >= UNTIMED, settings, used });
        made.runs = made.runs.saturating_add(1);
        self.is_due = true;
        Ok(())
    }

    /// Into the frame's own commands.
    pub(crate) fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, view: View) {
        let (Some(made), Some(given)) = (&self.made, &self.given) else { return };
        let clock = self.clock.as_ref();
        if std::mem::take(&mut self.is_due) {
            clock.into_iter().for_each(|clock| clock.start(encoder));
            made.estimation.encode(encoder);
            clock.into_iter().for_each(|clock| clock.stop(encoder));
        }
        if self.reading.is_none() && self.read != given.number {
            self.reading = Some(Reading::encode(&self.context, encoder, &made.estimation, clock, given.clone()));
        }
        self.lines.write(&self.context, View { match_count: given.used.len() as u32, ..view });
    }

    /// The matches, by the inlier mask where the estimator wrote it or by that of the second motion.
    pub(crate) fn draw(&self, pass: &mut wgpu::RenderPass<'_>, second: bool) {
        if let Some(made) = self.made.as_ref().filter(|_| self.given.is_some()) {
            self.lines.draw(pass, &made.bound[usize::from(second)]);
        }
    }

    /// An answer that came since it was asked last; never waits.
    pub(crate) fn answer(&mut self) -> Result<Option<Answer>> {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let answer = reading.try_read(&self.context, self.clock.as_ref())?;
        if let Some(answer) = &answer {
            (self.read, self.reading) = (answer.given.number, None);
        }
        Ok(answer)
    }

    /// Whether what was read last is what these settings give.
    pub(crate) fn is_settled(&self, settings: &Settings) -> bool {
        self.given.as_ref().is_some_and(|given| given.settings == *settings && given.number == self.read)
    }

    /// The mask of the second motion, one entry a match that was used.
    pub(crate) fn write_second(&self, inliers: &[bool]) {
        self.second_mask.write(&self.context, 0, &inliers.iter().map(|&inlier| inlier.into()).collect::<Vec<_>>());
    }
}

fn input(pair: &Pair, settings: &Settings, matches: usize) -> PairInput {
    let cameras = pair.cameras_or(settings.assumed_focal_px);
    let [camera1, camera2] = cameras.map(|camera| {
        let [focal, centre] = [camera.focal_px, camera.principal_point_px].map(|v| v.as_vec2());
        [focal.x, focal.y, centre.x, centre.y]
    });
    PairInput {
        camera1,
        camera2,
        skew: cameras.map(|camera| camera.skew_px as f32),
        threshold: settings.threshold_px as f32,
        match_start: 0,
        match_count: matches as u32,
        seed_low: settings.seed,
        seed_high: 0,
        enabled: 1,
    }
}
