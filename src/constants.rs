//! The numbers that both Rust and the shaders name: each is written here once, and the WGSL text that declares it is made of
//! the same line.

use crate::geometry::ModelKind;

/// Defines constants, and the text that declares them in WGSL.
macro_rules! shared_constants {
    (
        $(#[$about:meta])* $wgsl:ident {
            $($(#[$doc:meta])* $name:ident = $value:literal as $type:ty;)+
        }
    ) => {
        $($(#[$doc])* pub const $name: $type = $value;)+

        $(#[$about])*
        pub const $wgsl: &str = concat!($("const ", stringify!($name), " = ", stringify!($value), "u;\n"),+);
    };
}

/// The same of numbers that are no integers: f64 here, f32 in WGSL.
macro_rules! shared_numbers {
    (
        $(#[$about:meta])* $wgsl:ident {
            $($(#[$doc:meta])* $name:ident = $value:literal;)+
        }
    ) => {
        $($(#[$doc])* pub const $name: f64 = $value;)+

        $(#[$about])*
        pub const $wgsl: &str = concat!($("const ", stringify!($name), ": f32 = ", stringify!($value), ";\n"),+);
    };
}

shared_constants! {
    /// The kinds of models, as the shaders number them.
    MODEL_KINDS {
        /// [`ModelKind::Essential`].
        ESSENTIAL = 0 as u32;
        /// [`ModelKind::Fundamental`].
        FUNDAMENTAL = 1 as u32;
        /// [`ModelKind::Homography`].
        HOMOGRAPHY = 2 as u32;
        /// [`ModelKind::Pose`].
        POSE = 3 as u32;
        /// [`ModelKind::Rigid`].
        RIGID = 4 as u32;
    }
}

const _: () = assert!(
    ESSENTIAL == ModelKind::Essential as u32
        && FUNDAMENTAL == ModelKind::Fundamental as u32
        && HOMOGRAPHY == ModelKind::Homography as u32
        && POSE == ModelKind::Pose as u32
        && RIGID == ModelKind::Rigid as u32
);

shared_constants! {
    /// What the stages of the search share.
    SEARCH {
        /// Pair that takes no part.
        DISABLED = 1 as u32;
        /// Pair with a coordinate that is NaN or infinite.
        NOT_FINITE = 2 as u32;
        /// Pair with fewer matches to sample from than a sample needs.
        TOO_FEW = 4 as u32;
        /// Pair with a bad threshold, camera or weight.
        BAD_INPUT = 8 as u32;
        /// Pair for which no sample gave a model with as many inliers as a sample has matches.
        NO_MODEL = 16 as u32;
        /// All matches are drawn alike.
        BY_NOTHING = 0 as u32;
        /// Matches are drawn by the weights on the GPU.
        BY_WEIGHT = 1 as u32;
        /// Matches are drawn by the cube of the weights on the GPU, and in turn by all alike.
        BY_CUBE = 3 as u32;
        /// Matches are drawn by the prefix sums of two integer weightings that the caller gives.
        BY_SUM = 2 as u32;
        /// The first hypothesis that may be drawn by the second of two weightings.
        ALTERNATE_FROM = 32 as u32;
        /// More hypotheses than are ever drawn.
        UNREACHED = 0xffffffff as u32;
        /// First entry of a sample that could not be drawn.
        NO_SAMPLE = 0xffffffff as u32;
        /// Words drawn for one sample before it is given up, when too few matches have any weight.
        MAX_DRAWS = 128 as u32;
        /// Points, evenly spread over a set, that say where its bulk is.
        BULK_SAMPLE = 128 as usize;
        /// Points farther from the centre of a set than so many times the median distance are beside the bulk. Ordinary sets, of
        /// clusters too, have hardly any.
        BULK_REACH = 32 as u32;
        /// Normalised coordinates in single precision are at most so large, so that no residual overflows: what lies farther is
        /// drawn in towards the origin.
        FARTHEST = 1000000 as u32;
        /// The loss of a refinement: min(t, 1).
        TRUNCATED_LOSS = 0 as u32;
        /// The loss of a refinement: s² log(1 + t/s²).
        CAUCHY_LOSS = 1 as u32;
        /// The loss of a refinement: t.
        SQUARED_LOSS = 2 as u32;
        /// Partial sums of a model's score, each over a share of the matches.
        SCORE_SHARES = 8 as usize;
        /// Models that one workgroup scores.
        MODELS_A_WORKGROUP = 128 as usize;
        /// Vectors of what the MAGSAC++ gain is computed from.
        MAGSAC_VECTORS = 4 as usize;
        /// Most models refined a pair and round.
        MAX_CANDIDATES = 16 as u32;
        /// Best candidates whose samples are looked at for a plane.
        RECOVERED = 3 as u32;
        /// One homography explains most inliers.
        PLANAR = 1 as u32;
        /// A rotation alone explains most inliers.
        ROTATION_ONLY = 2 as u32;
        /// The second motion explains the matches nearly as well.
        AMBIGUOUS = 4 as u32;
        /// Inliers on a line leave the turn about it open.
        ROTATION_UNDETERMINED = 8 as u32;
        /// There is a homography that explains some inliers.
        HAS_HOMOGRAPHY = 16 as u32;
        /// There is a second motion.
        HAS_SECOND_MOTION = 32 as u32;
    }
}

shared_constants! {
    /// What the stages share that look for planes and for motions without translation.
    RECOVERY {
        /// Hypotheses for a homography of the inliers, or for the epipole of a plane, at most.
        PLANE_HYPOTHESES = 200 as u32;
        /// Fits to the matches that the fit before explained.
        REFITS = 5 as u32;
        /// Matches, spread over all, by which the hypotheses for a homography or a rotation are compared: enough to tell which share
        /// they explain to within some hundredths. What is said of the best one is counted over all.
        COMPARED = 256 as usize;
        /// Share of the inliers, in hundredths, from which on a homography explains a pair; as of COLMAP (Schönberger 2016).
        PLANAR_PERCENT = 80 as u32;
    }
}

shared_numbers! {
    /// The limits of these stages.
    RECOVERY_LIMITS {
        /// Squared distance from a match that a homography maps exactly, in thresholds, up to which it explains a match. A
        /// threshold is meant for the distance from a line; the same noise goes farther from a point. Of noise that stays below
        /// the one with probability 0.95, this keeps the same share: the quantile of χ²₂ over that of χ²₁, 5.99146 / 3.84146.
        EXPLAINED_SQ = 1.5596847;
        /// The same of the points of a sample: the noise of few is tried on many homographies, and each false alarm costs a search.
        SAMPLE_SQ = 0.5;
        /// The same from which on a match is off the plane for certain.
        OFF_PLANE_SQ = 2.0;
        /// Probability of missing the best sample.
        MISS = 0.001;
    }
}

shared_constants! {
    /// What the five-point solver and its launchers share.
    FIVE_POINT {
        /// Samples that one workgroup of the five-point solver takes.
        SAMPLES_A_WORKGROUP = 16 as u32;
    }
}

shared_constants! {
    /// What the stages of the ranking networks share.
    RANK {
        /// Columns of the input rows that the graph needs.
        ROW_COLUMNS = 9 as usize;
        /// Column of the logarithm of the scales' ratio.
        LN_SCALE = 1 as usize;
        /// Column of the cosine of the orientations' difference.
        COS_ANGLE = 2 as usize;
        /// Column of its sine.
        SIN_ANGLE = 3 as usize;
        /// Column that says whether scale and orientation are known.
        SHAPE_KNOWN = 8 as usize;
        /// Numbers of an edge.
        EDGE_COLUMNS = 11 as usize;
        /// Most neighbours of a match.
        MAX_NEIGHBOURS = 32 as usize;
        /// Rings of the annular convolution.
        RINGS = 3 as usize;
        /// Rows whose neighbours a workgroup finds.
        NEIGHBOUR_ROWS = 8 as u32;
        /// Rows of a tile of a product with a matrix.
        TILE_ROWS = 128 as u32;
        /// Columns of a tile of a product with a matrix.
        TILE_COLUMNS = 32 as u32;
        /// Edges whose messages a workgroup pools, those of whole rows.
        POOLED_EDGES = 128 as u32;
        /// Channels that a workgroup norms.
        NORM_CHANNELS = 8 as u32;
    }
}

shared_constants! {
    /// What the stages of localisation share.
    LOCALISE {
        /// Width and height of a cell, pixels: that of three convolutions with a stride of 2.
        CELL_PX = 8 as u32;
        /// Directions of a histogram of gradients.
        ORIENTATIONS = 8 as u32;
        /// Widths of the bins of descriptors: 8, 16 and 32 pixels.
        BIN_LEVELS = 3 as u32;
        /// Cells around the grid that the lattice of bins has.
        LATTICE_MARGIN = 6 as u32;
        /// Numbers of a cell's descriptor.
        DESCRIPTOR_COLUMNS = 384 as u32;
        /// Numbers of what a map compares a cell by.
        QUERY_COLUMNS = 64 as u32;
        /// Width and height of the part of an image whose gradients a workgroup finds, pixels.
        TILE_PX = 16 as u32;
        /// Bins of a column of their lattice that a workgroup makes.
        POOLED_PLACES = 8 as u32;
        /// Numbers of a row of a map in training: a key, its bias, its point.
        MEMORY_COLUMNS = 68 as u32;
        /// Cells for which a workgroup asks the map.
        RECALLED_CELLS = 8 as u32;
        /// Width and height of a neighbourhood that a convolution reads, pixels.
        PATCH_PX = 3 as usize;
        /// Width and height of a block of which a mean is made, pixels.
        BLOCK_PX = 4 as usize;
    }
}

/// A cell whose recalled points are spread by this share of the scene's extent is sampled half as often as one that a map is sure of.
#[cfg(feature = "network")]
pub(crate) const DOUBTFUL_SHARE: f64 = 0.075;

/// Widths of the bins of descriptors, pixels.
pub(crate) const BIN_WIDTHS_PX: [u32; BIN_LEVELS as usize] = [CELL_PX, 2 * CELL_PX, 4 * CELL_PX];
