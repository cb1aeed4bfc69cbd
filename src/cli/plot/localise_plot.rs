//! stub
use crate::Pose;
pub(crate) struct LocalisedFrame {
    pub(crate) truth: Pose,
    pub(crate) estimate: Option<Pose>,
}
pub(crate) fn draw(_: &std::path::Path, f: &[LocalisedFrame], _: &str) -> anyhow::Result<()> {
    for x in f {
        let _ = (x.truth, x.estimate);
    }
    Ok(())
}
