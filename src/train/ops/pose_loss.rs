//! Rotation and translation error of all hypotheses. Twin: [`cpu::pose_loss`](crate::cpu::train::pose_loss).

use super::backend::run;
use super::closest_model::check_truth;
use super::kernel::{Gradient, Kernel, Launch, Operand, WORKGROUP, each_row};
use super::solver::model_rows;
use crate::constants;
use crate::cpu::train::is_moderate;
use crate::cpu::train::pose_loss::pose_loss as pose_loss_of;
use crate::gpu::{Shader, shader_part};
use crate::{Error, ModelKind, Result};
use burn::tensor::{Shape, Tensor};
use std::sync::Arc;

/// L_pose of the motions \[B, 12\] to the true ones, \[pairs, 12\], as \[B\]: half the sum of the angle of the rotation between
/// them and, of two views, the angle between the directions of translation without regard to sign, radians; of poses and
/// rigid transforms, the distance of the translations.
///
/// The gradient is by the entries of the motion; it is 0 where there is no error, and for values that are not finite. An
/// invalid model (zeros) has a finite loss without a gradient.
///
/// # Errors
/// [`Error::BadOption`] for F and H, which have no pose, and where the models are no multiple of the pairs;
/// [`Error::LengthMismatch`] for models that have not twelve entries.
pub fn pose_loss(kind: ModelKind, models: Tensor<2>, truth: Tensor<2>) -> Result<Tensor<1>> {
    if matches!(kind, ModelKind::Fundamental | ModelKind::Homography) {
        let expected = "a motion: essential, pose or rigid";
        return Err(Error::BadOption { name: "pose loss", expected, found: kind.name().into() });
    }
    let hypotheses = check_truth(models.dims(), truth.dims())?;
    let kernel = PoseLoss { kind, rows: models.dims()[0], hypotheses };
    let loss = run(kernel, vec![models.into_dispatch(), truth.into_dispatch()])?.swap_remove(0);
    Ok(Tensor::from_dispatch(loss))
}

/// Motions and true motions → losses.
#[derive(Clone, Copy, Debug)]
struct PoseLoss {
    kind: ModelKind,
    rows: usize,
    hypotheses: usize,
}

impl PoseLoss {
    fn launch_of(&self, shader: Shader<'static>) -> Launch {
        let params = vec![self.rows as u32, self.hypotheses as u32, self.kind as u32];
        Launch::new(shader, params, (self.rows as u32).div_ceil(WORKGROUP))
    }
}

impl Kernel for PoseLoss {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.rows])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        each_row(&mut outputs[0], 1, |row, out| {
            let truth = model_rows(&inputs[1][row / self.hypotheses * 12..]);
            let loss = pose_loss_of(self.kind, &model_rows(&inputs[0][12 * row..]), &truth).0;
            out[0] = if is_moderate(loss) { loss as f32 } else { 0.0 };
        });
    }

    fn launch(&self) -> Launch {
        self.launch_of(FORWARD)
    }

    fn gradients(&self) -> Vec<Gradient> {
        let operands = vec![Operand::Input(0), Operand::Input(1)];
        vec![Gradient { kernel: Arc::new(PoseLossBackward(*self)), operands, report: None }]
    }
}

/// Motions, true motions and the gradient by the losses → that by the motions.
#[derive(Debug)]
struct PoseLossBackward(PoseLoss);

impl Kernel for PoseLossBackward {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.0.rows, 12])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        each_row(&mut outputs[0], 12, |row, out| {
            let truth = model_rows(&inputs[1][row / self.0.hypotheses * 12..]);
            let (_, gradient) = pose_loss_of(self.0.kind, &model_rows(&inputs[0][12 * row..]), &truth);
            if gradient.iter().flatten().all(|g| is_moderate(*g)) {
                for (out, g) in out.iter_mut().zip(gradient.iter().flatten()) {
                    *out = *g as f32 * inputs[2][row];
                }
            }
        });
    }

    fn launch(&self) -> Launch {
        self.0.launch_of(BACKWARD)
    }
}

/// A motion an invocation.
pub(super) const FORWARD: Shader = Shader {
    name: "pose_loss",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        constants::MODEL_KINDS,
        shader_part!("shared/algebra/moderate"),
        shader_part!("shared/residual/pose_errors"),
        shader_part!("train/pose_loss"),
    ],
};

/// The same.
pub(super) const BACKWARD: Shader = Shader {
    name: "pose_loss_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        constants::MODEL_KINDS,
        shader_part!("shared/algebra/moderate"),
        shader_part!("shared/residual/pose_errors"),
        shader_part!("train/pose_loss_backward"),
    ],
};
