//! The model that explains the most of some matches, among hypotheses drawn until one was without an outlier for all but certain.

use super::two_views::TwoViews;
use crate::constants::MISS;
use crate::cpu::residual::Residual;
use crate::cpu::search::normalize_matches::rows_of_matrix;
use glam::{DMat3, DVec2};
use multiversion::multiversion;

/// Matches that hypotheses are compared by, column-wise and in single precision.
pub(super) struct Compared {
    columns: [Vec<f32>; 4],
    metric: [f64; 4],
}

impl Compared {
    /// At most so many of the matches, spread over all.
    pub(super) fn new(views: &TwoViews<'_>, most: usize) -> Self {
        let step = views.len().div_ceil(most).max(1);
        let column =
            |points: &[DVec2], of: fn(&DVec2) -> f64| points.iter().step_by(step).map(|p| of(p) as f32).collect();
        let [x, y]: [fn(&DVec2) -> f64; 2] = [|p| p.x, |p| p.y];
        let columns =
            [column(views.points1, x), column(views.points1, y), column(views.points2, x), column(views.points2, y)];
        Self { columns, metric: views.metric }
    }

    fn len(&self) -> usize {
        self.columns[0].len()
    }
}

/// The model that explains the most matches, within the squared limit; ends early when a sample of `M` of them was drawn for all
/// but certain.
pub(super) fn search<const M: usize, R: Residual>(
    max_hypotheses: u32,
    compared: &Compared,
    limit_sq: f64,
    model_of: impl Fn(u32) -> Option<DMat3>,
) -> Option<(DMat3, usize)> {
    let mut best: Option<(DMat3, usize)> = None;
    let mut needed = f64::from(max_hypotheses);
    for hypothesis in 0..max_hypotheses {
        if f64::from(hypothesis) >= needed {
            break;
        }
        let Some(model) = model_of(hypothesis) else { continue };
        let residual = R::new(&rows_of_matrix(&model), &compared.metric);
        let explained = count_below(&residual, limit_sq as f32, &compared.columns);
        if best.is_none_or(|(_, most)| explained > most) {
            best = Some((model, explained));
            let clean = (explained as f64 / compared.len() as f64).powi(M as i32);
            needed = needed.min(MISS.ln() / (-clean).ln_1p());
        }
    }
    best
}

/// Matches with a squared residual below a limit.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn count_below<R: Residual>(residual: &R, limit: f32, [x1, y1, x2, y2]: &[Vec<f32>; 4]) -> usize {
    let mut count = 0_u32;
    for ((x1, y1), (x2, y2)) in x1.iter().zip(y1).zip(x2.iter().zip(y2)) {
        count += u32::from(residual.residual_sq([*x1, *y1, *x2, *y2, 0.0, 0.0]) < limit);
    }
    count as usize
}
