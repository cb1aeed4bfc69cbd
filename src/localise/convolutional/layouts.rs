//! The networks there are.

use super::{Plan, PlaneId};
use crate::cpu::rank::linear_rows::After;

/// The first layer of a [`head`], which takes descriptors.
pub(crate) const FIRST_LAYER: &str = "input";
/// The last layer of all networks that say points.
pub(crate) const LAST_LAYER: &str = "fc3";

/// Coordinates of a point.
const POINT: usize = 3;

/// The fully convolutional network of DSAC* (Brachmann and Rother, TPAMI 2021), from a grey image to a point for each cell, with so
/// many channels in its five parts; theirs has 32, 64, 128, 256 and 512.
pub fn dsac_star([first, second, third, fourth, last]: [usize; 5]) -> Plan {
    let mut plan = Plan::new(1);
    let image = plan.standardise(0);
    let x = plan.convolve("conv1", image, [3, 1, first], After::Relu);
    let x = plan.convolve("conv2", x, [3, 2, second], After::Relu);
    let x = plan.convolve("conv3", x, [3, 2, third], After::Relu);
    let x = plan.convolve("conv4", x, [3, 2, fourth], After::Relu);
    residual(&mut plan, "res1", x, x, [3, 1, 3], fourth);
    let wide = plan.convolve("res2_skip", x, [1, 1, last], After::Nothing);
    residual(&mut plan, "res2", x, wide, [3, 1, 3], last);
    points_of(&mut plan, wide, last, 3);
    plan
}

/// A head of residual layers of 1 × 1 pixel, from the descriptors of cells to a point for each (Brachmann et al., CVPR 2023, have it so).
pub fn head(inputs: usize, width: usize) -> Plan {
    let mut plan = Plan::new(inputs);
    let x = plan.convolve(FIRST_LAYER, 0, [1, 1, width], After::Relu);
    residual(&mut plan, "res2", x, x, [1, 1, 1], width);
    points_of(&mut plan, x, width, 3);
    plan
}

/// x + f(x), and the layers from there to a point.
fn points_of(plan: &mut Plan, x: PlaneId, width: usize, number: usize) {
    residual(plan, &format!("res{number}"), x, x, [1, 1, 1], width);
    let x = plan.convolve("fc1", x, [1, 1, width], After::Relu);
    let x = plan.convolve("fc2", x, [1, 1, width], After::Relu);
    plan.convolve(LAST_LAYER, x, [1, 1, POINT], After::Nothing);
}

/// Three convolutions of these sides, added to a plane.
fn residual(plan: &mut Plan, name: &str, from: PlaneId, to: PlaneId, sides: [usize; 3], width: usize) {
    let x = plan.convolve(&format!("{name}_conv1"), from, [sides[0], 1, width], After::Relu);
    let x = plan.convolve(&format!("{name}_conv2"), x, [sides[1], 1, width], After::Relu);
    plan.convolve_into(&format!("{name}_conv3"), x, to, sides[2], 1);
}

/// The backbone of XFeat (Potje et al., CVPR 2024), from a grey image to 64 numbers for each cell. Its batch norms, which have nothing of their
/// own to learn, are part of the convolutions.
pub fn xfeat() -> Plan {
    let mut plan = Plan::new(1);
    let image = plan.standardise(0);
    let quarter = plan.mean_blocks(image);
    let skip = plan.convolve("skip1", quarter, [1, 1, 24], After::Nothing);
    let mut x = image;
    for (number, (stride, channels)) in [(1, 4), (2, 8), (1, 8)].into_iter().enumerate() {
        x = plan.convolve(&format!("block1.{number}"), x, [3, stride, channels], After::Relu);
    }
    plan.convolve_into("block1.3", x, skip, 3, 2);
    let x = block(&mut plan, "block2", skip, 1, 24, &[3, 3]);
    let eighth = block(&mut plan, "block3", x, 2, 64, &[3, 3, 1]);
    let sixteenth = block(&mut plan, "block4", eighth, 2, 64, &[3, 3, 3]);
    let coarse = block(&mut plan, "block5", sixteenth, 2, 128, &[3, 3, 3]);
    let coarse = plan.convolve("block5.3", coarse, [1, 1, 64], After::Relu);
    plan.enlarge(sixteenth, eighth);
    plan.enlarge(coarse, eighth);
    let x = block(&mut plan, "block_fusion", eighth, 1, 64, &[3, 3]);
    plan.convolve("block_fusion.2", x, [1, 1, 64], After::Nothing);
    plan
}

/// Convolutions of these sides one after the other, the first one at this stride.
fn block(plan: &mut Plan, name: &str, from: PlaneId, stride: usize, channels: usize, sides: &[usize]) -> PlaneId {
    (0..sides.len()).fold(from, |x, number| {
        let stride = if number == 0 { stride } else { 1 };
        plan.convolve(&format!("{name}.{number}"), x, [sides[number], stride, channels], After::Relu)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::CellGrid;

    #[test]
    fn a_point_or_a_descriptor_for_each_cell() {
        for size_px in [[320, 240], [37, 20], [8, 8], [1, 1], [427, 241]] {
            let grid = CellGrid::new(size_px);
            for (plan, channels) in [(dsac_star([16, 32, 64, 128, 128]), 3), (xfeat(), 64)] {
                let size = plan.sizes(size_px[0] as usize, size_px[1] as usize)[plan.answer()];
                assert_eq!([size.columns, size.rows, size.channels], [grid.columns, grid.rows, channels]);
            }
        }
        let head = head(64, 192);
        assert_eq!((head.input_channels(), head.output_channels()), (64, 3));
    }

    #[test]
    fn the_published_networks_have_as_many_weights() {
        let count = |plan: &Plan| plan.tensors().map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>();
        // 28 MB in single precision, as the paper has it
        assert_eq!(count(&dsac_star([32, 64, 128, 256, 512])), 6_882_819);
        assert_eq!(count(&xfeat()), 634_192);
    }
}
