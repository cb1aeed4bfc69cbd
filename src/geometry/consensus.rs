//! How consensus is measured: the residuals and scores that every backend is composed for.

/// How a model's residuals become its score: the sum over the matches of a gain in 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "formats", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Score {
    /// 1 within the threshold, else 0.
    Ransac,
    /// 1 − r²/τ² within the threshold (Torr and Zisserman 2000).
    Msac,
    /// The noise scale marginalised up to the threshold (Barath et al. 2020).
    #[default]
    #[cfg_attr(feature = "formats", serde(rename = "magsac++", alias = "magsacpp"))]
    #[cfg_attr(feature = "cli", value(name = "magsac++"))]
    Magsacpp,
}

/// How far a match is from an epipolar geometry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "formats", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum EpipolarResidual {
    /// First-order distance to the nearest match that fits exactly.
    #[default]
    Sampson,
    /// Root mean square of the two point-to-line distances; fundamental matrices only.
    Symmetric,
}
