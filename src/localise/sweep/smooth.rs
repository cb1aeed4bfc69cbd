//! Costs of neighbouring cells smoothed: semi-global matching (Hirschmüller, TPAMI 2008) along eight directions.

use crate::geometry::CellGrid;

/// What the next plane costs, and what any other one does, beside costs of 0..=2.
const NEXT: f32 = 0.08;
const OTHER: f32 = 0.3;
const DIRECTIONS: [[isize; 2]; 8] = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]];

/// Cell × plane of costs, each the mean over the best paths through the cells that end there.
pub(super) fn smooth(costs: &[f32], grid: &CellGrid, planes: usize) -> Vec<f32> {
    let mut sum = vec![0.0; costs.len()];
    let mut path = vec![0.0; costs.len()];
    for direction in DIRECTIONS {
        along(costs, grid, planes, direction, &mut path);
        sum.iter_mut().zip(&path).for_each(|(sum, path)| *sum += path / DIRECTIONS.len() as f32);
    }
    sum
}

fn along(costs: &[f32], grid: &CellGrid, planes: usize, [right, down]: [isize; 2], path: &mut [f32]) {
    let (columns, rows) = (grid.columns as isize, grid.rows as isize);
    let ordered = |count: isize, step: isize| move |at: isize| if step < 0 { count - 1 - at } else { at };
    let (x_of, y_of) = (ordered(columns, right), ordered(rows, down));
    let mut before = vec![0.0; planes];
    for (x, y) in (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y))).map(|(x, y)| (x_of(x), y_of(y))) {
        let cell = (y * columns + x) as usize * planes;
        let (from_x, from_y) = (x - right, y - down);
        if (0..columns).contains(&from_x) && (0..rows).contains(&from_y) {
            let from = (from_y * columns + from_x) as usize * planes;
            before.copy_from_slice(&path[from..from + planes]);
        } else {
            before.fill(0.0);
        }
        step(&costs[cell..cell + planes], &before, &mut path[cell..cell + planes]);
    }
}

fn step(costs: &[f32], before: &[f32], path: &mut [f32]) {
    let least = before.iter().copied().fold(f32::INFINITY, f32::min);
    let last = costs.len() - 1;
    for (plane, (path, cost)) in path.iter_mut().zip(costs).enumerate() {
        let beside = before[plane.saturating_sub(1)].min(before[(plane + 1).min(last)]) + NEXT;
        *path = cost + before[plane].min(beside).min(least + OTHER) - least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_tells_nothing_takes_the_plane_of_those_beside_it() {
        let grid = CellGrid::new([40, 24]);
        let planes = 9;
        let cost = |cell: usize, plane: usize| if cell == 7 { 1.0 } else { 0.2 * plane.abs_diff(4) as f32 };
        let costs: Vec<f32> =
            (0..grid.len()).flat_map(|cell| (0..planes).map(move |plane| cost(cell, plane))).collect();
        let smoothed = smooth(&costs, &grid, planes);
        let of_cell = &smoothed[7 * planes..][..planes];
        assert!((0..planes).all(|plane| plane == 4 || of_cell[plane] > of_cell[4] + 0.05), "{of_cell:?}");
    }
}
