//! Bars on a terminal; nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};

/// A bar of so many units.
pub(super) fn bar(count: u64, unit: &str) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = format!("{{bar:40}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} left");
    match ProgressStyle::with_template(&template) {
        Ok(style) => ProgressBar::new(count).with_style(style),
        Err(_) => ProgressBar::new(count),
    }
}
