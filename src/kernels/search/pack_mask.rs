//! The inlier mask as bits: launcher, a word an invocation. On the GPU only: it spares the read-back.

use crate::gpu::{Context, TypedBuffer, shader_part};
use crate::kernels::{Stage, buffers::Buffers};

/// Words that one workgroup packs.
const WORKGROUP: u32 = 64;

/// The shader's texts.
pub fn parts() -> Vec<&'static str> {
    vec![shader_part!("shared/layout/dispatch"), shader_part!("search/pack_mask")]
}

/// Words that the bits of so many matches take.
pub const fn words(matches: usize) -> usize {
    matches.div_ceil(u32::BITS as usize)
}

/// Workgroups for the bits of so many matches.
pub const fn workgroups(matches: usize) -> u32 {
    (words(matches) as u32).div_ceil(WORKGROUP)
}

/// The step on its buffers, of which `bits` has [`words`] of the matches.
pub fn stage(context: &Context, buffers: &Buffers, bits: &TypedBuffer<u32>) -> Stage {
    Stage::new(context, "pack_mask", &parts(), &[&buffers.inlier_mask, bits])
}
