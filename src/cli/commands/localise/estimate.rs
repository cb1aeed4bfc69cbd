//! `nabla-ransac localise estimate`: where a photograph was taken.

use super::frames::{FrameArgs, PoseArgs};
use crate::Model;
use crate::cli::commands::estimate::write_pose;
use crate::cli::report::json;
use crate::cli::{print, print_json};
use crate::data::{Intrinsics, write_ply};
use crate::localise::{Localisation, SceneMap};
use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args, Debug)]
pub(crate) struct EstimateArgs {
    /// The photograph
    #[arg(value_name = "IMAGE")]
    image: PathBuf,
    /// The map of the scene
    #[arg(long, value_name = "MAP.safetensors")]
    map: PathBuf,
    /// Write the points that the map recalls, with the photograph's grey, into this file
    #[arg(long, value_name = "FILE.ply")]
    ply: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pose: PoseArgs,
    #[command(flatten)]
    frames: FrameArgs,
}

pub(crate) fn run(arguments: &EstimateArgs) -> anyhow::Result<()> {
    let map = SceneMap::read(&arguments.map)?;
    let image = crate::data::read_grey(&arguments.image)?;
    let camera: Intrinsics = match (&arguments.frames.camera, &map.config().camera) {
        (Some(camera), _) => camera.clone(),
        (None, Some(camera)) => camera.at(image.size_px)?,
        (None, None) => bail!("the map was made with several cameras: give this one's with --camera"),
    };
    let localiser = arguments.pose.localiser(map, None)?;
    let start = Instant::now();
    let found = localiser.localise(&image, &camera, arguments.pose.seed)?;
    let ms = start.elapsed().as_secs_f64() * 1e3;
    if let Some(path) = &arguments.ply {
        let grey = image.resized(found.points.grid.size_px);
        let colours = found.points.grid.centres_px().map(|centre| {
            let value = grey.at(centre);
            [(value * 255.0).round() as u8; 3]
        });
        write_ply(path, &found.points.points_world, Some(&colours.collect::<Vec<_>>()))?;
    }
    let unit = &localiser.map().config().unit;
    if arguments.json { print_json(&as_json(&found, unit, ms)) } else { print(&as_text(&found, unit, ms)?) }
}

fn as_json(found: &Localisation, unit: &str, ms: f64) -> Value {
    let pose = found.outcome.estimate.as_ref().map(|estimate| {
        let mut parts = json::model(&estimate.model);
        if let Model::Pose(pose) = &estimate.model {
            parts.insert("camera_centre".to_owned(), json!(pose.inverse().translation.to_array()));
        }
        parts
    });
    json!({
        "pose": pose,
        "inliers": found.outcome.estimate.as_ref().map_or(0, |estimate| estimate.inlier_count()),
        "cells": found.points.grid.len(),
        "confidence": json::number(found.confidence),
        "covariance": found.covariance,
        "unit": unit,
        "iterations": found.outcome.iterations,
        "ms": ms,
    })
}

fn as_text(found: &Localisation, unit: &str, ms: f64) -> anyhow::Result<String> {
    let mut text = String::new();
    let cells = found.points.grid.len();
    let Some(estimate) = &found.outcome.estimate else {
        writeln!(text, "no pose: of {cells} cells too few agree on one ({ms:.1} ms)")?;
        return Ok(text);
    };
    if let Model::Pose(pose) = &estimate.model {
        write_pose(&mut text, "x_camera = R X_world + t", pose)?;
        let centre = pose.inverse().translation;
        writeln!(text, "camera at {:.4} {:.4} {:.4} {unit}", centre.x, centre.y, centre.z)?;
    }
    let (inliers, confidence) = (estimate.inlier_count(), found.confidence);
    writeln!(
        text,
        "{inliers} of {cells} cells agree, {:.0} % of what the map is sure of ({ms:.1} ms)",
        confidence * 100.0
    )?;
    if let Some(covariance) = &found.covariance {
        let deviation = |from: usize| (from..from + 3).map(|i| covariance[i][i]).sum::<f64>().sqrt();
        let (turn, place) = (deviation(0).to_degrees(), deviation(3));
        writeln!(text, "standard deviation at least {place:.4} {unit}, {turn:.3}°")?;
    }
    Ok(text)
}
