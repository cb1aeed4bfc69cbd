//! What a user should know although nothing failed: a line each on standard error, and in the JSON.

use super::arguments::FilterArgs;
use super::complain;
use crate::geometry::{Bulk, EpipolarResidual, MatchesView, ModelKind};
use crate::{Options, Problem};
use glam::{DVec2, DVec3};

/// A threshold of this share of the median distance of the points from their middle tells right matches from wrong ones no more.
const LARGE: f64 = 0.25;

/// Writes them to standard error.
pub(super) fn tell(warnings: &[String]) {
    warnings.iter().for_each(|warning| complain(&format!("warning: {warning}")));
}

/// What is ignored of what was asked for, where matches have no SNN ratios.
pub(super) fn without_ratios(filter: FilterArgs, options: &Options) -> Vec<String> {
    let ignored = |option: &str, all: &str| format!("{option} goes by SNN ratios, which the file lacks: {all}");
    let snn = filter.snn.map(|_| ignored("--snn", "all matches are used"));
    let sampled = (options.sample_ratio_below < 1.0)
        .then(|| ignored("--sample-ratio-below", "samples are drawn from all matches"));
    snn.into_iter().chain(sampled).collect()
}

/// What is ignored of the options with this problem, and what they will not tell.
pub(super) fn of_problem(problem: &Problem<'_>, options: &Options) -> Vec<String> {
    let kind = problem.matches.kind();
    let symmetric = (options.residual == EpipolarResidual::Symmetric && kind != ModelKind::Fundamental)
        .then(|| format!("--residual symmetric is for fundamental matrices: that of {} is used", kind.name()));
    let threshold = (!options.use_all).then(|| large_threshold(&problem.matches, options.threshold_px)).flatten();
    symmetric.into_iter().chain(threshold).collect()
}

/// A threshold about as large as the points are spread.
fn large_threshold(matches: &MatchesView<'_>, threshold: f64) -> Option<String> {
    let image = |points: &[DVec2]| Bulk::of(points.len(), |i| points[i].extend(0.0)).spread;
    let space = |points: &[DVec3]| Bulk::of(points.len(), |i| points[i]).spread;
    let spread = match *matches {
        MatchesView::Essential { points1_px, points2_px, .. }
        | MatchesView::Fundamental { points1_px, points2_px }
        | MatchesView::Homography { points1_px, points2_px } => image(points1_px).min(image(points2_px)),
        MatchesView::Pose { points_px, .. } => image(points_px),
        MatchesView::Rigid { points1, points2 } => space(points1).min(space(points2)),
    };
    let advice =
        if matches.kind() == ModelKind::Rigid { "" } else { "; normalised coordinates take about 1 / focal length" };
    (threshold > LARGE * spread).then(|| {
        format!(
            "the threshold of {threshold} is as large as the points are spread, {spread:.3} about their middle: any model fits{advice}"
        )
    })
}
