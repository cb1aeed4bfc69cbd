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

shared_numbers! {
    /// What the choice among the best models goes by.
    CHOICE {
        /// The winner is replaced by its refinements, which minimise other losses than the score, where they keep this share of the
        /// score that the search found.
        KEEP_FINAL = 0.95;
        /// Other motions with a smaller share of the winner's score are not refined: they do not become rivals.
        REFINED_SHARE = 0.4;
        /// A second motion is one that has this share of the winner's score; one with less is no rival.
        RIVAL_SHARE = 0.5;
        /// A pair whose second motion has this share of the winner's score is ambiguous: on training and validation scenes, as they
        /// are and with most right matches taken out, the winner was right on half of such pairs, and on 95 % of those whose second
        /// has less.
        AMBIGUOUS_SHARE = 0.9;
        /// Motions closer than the angle of this cosine, 5 degrees, in rotation and in direction, are the same.
        COS_SAME_MOTION = 0.9961947;
        /// The rotation R of a prior is one where RᵀR is so close to the identity, entry by entry; nobody rounds more.
        NEAR_ROTATION = 0.01;
    }
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
        /// Pair with a bad threshold or camera, or with something known of a match that is no number.
        BAD_INPUT = 8 as u32;
        /// Pair for which no sample gave a model with as many inliers as a sample has matches.
        NO_MODEL = 16 as u32;
        /// All matches are drawn alike.
        BY_NOTHING = 0 as u32;
        /// Matches are drawn alike but for those of a point to different ones, and for those whose ratio is too high.
        BY_CREDIT = 1 as u32;
        /// Matches are drawn by their weights.
        BY_WEIGHT = 2 as u32;
        /// Matches are drawn by how likely their ratios make them, and in turn as by credit.
        BY_RATIO = 3 as u32;
        /// Matches are drawn by how likely weights and ratios make them, and in turn as by credit.
        BY_GUIDE = 4 as u32;
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
        /// Of so many hypotheses of a round one model is refined.
        HYPOTHESES_A_CANDIDATE = 16 as u32;
        /// Fewest models refined a pair and round.
        LEAST_CANDIDATES = 4 as u32;
        /// Most models refined a pair and round.
        MAX_CANDIDATES = 16 as u32;
        /// Best candidates whose samples are looked at for a plane.
        RECOVERED = 3 as u32;
        /// Models of a pair that are refined to the last: the winner, and others that may be a second motion.
        FINALISTS = 4 as u32;
        /// Places of them a pair: each has another for what it was before its last refinement.
        FINALIST_PLACES = 8 as u32;
        /// A refinement is kept where the score of the search does not fall.
        KEEP_BETTER = 0 as u32;
        /// A refinement is kept where its final score is enough.
        KEEP_ENOUGH = 1 as u32;
        /// A refinement is kept, and what it began with is put aside.
        KEEP_AND_SAVE = 2 as u32;
        /// A refinement is kept.
        KEEP_ALWAYS = 3 as u32;
        /// A refinement is kept where its final score is enough, else what was put aside.
        KEEP_OR_RESTORE = 4 as u32;
        /// Matches whose residuals the six parameters of a pose take up.
        TAKEN_BY_POSE = 3 as usize;
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
    /// How matches are weighed.
    WEIGHING {
        /// There is a weight of each match.
        KNOWS_WEIGHTS = 1 as u32;
        /// There is an SNN ratio of each match.
        KNOWS_RATIOS = 2 as u32;
        /// There are scales and orientations of the key points of each match.
        KNOWS_KEY_POINTS = 4 as u32;
        /// Matches of a point to different ones compete.
        ONE_TO_ONE = 8 as u32;
        /// Weights, or else ratios, scale each match's part of the score.
        WEIGH_SCORE = 16 as u32;
        /// The same of the refinement.
        WEIGH_REFINEMENT = 32 as u32;
        /// They leave each match a part of the refinement.
        AT_LEAST = 64 as u32;
        /// What the score counts in full has this weight at least in the refinement, percent: a network that doubts the few
        /// matches that hold a motion may be wrong. 0 to 15 serve alike on the training and validation scenes; 1 is too little
        /// for matches that crowd together.
        LEAST_PERCENT = 5 as u32;
        /// Bits of ratios after the point.
        RATIO_BITS = 24 as u32;
        /// Bits of ratios before the point.
        RATIO_WHOLE_BITS = 2 as u32;
        /// The ratio at which half of the matches are right: 0.7.
        RATIO_MIDDLE = 11744051 as u32;
        /// By a ratio of 0.07 more the odds fall to 1/e: log2(e) / 0.07, of 27 bits after the point.
        RATIO_SLOPE = 2766217866 as u32;
        /// 2^f = 1 + f (EXP2_1 + f (EXP2_2 + …)), in units of 2^−32.
        EXP2_1 = 2977046134 as u32;
        /// The second coefficient.
        EXP2_2 = 1031682043 as u32;
        /// The third.
        EXP2_3 = 239045228 as u32;
        /// The fourth.
        EXP2_4 = 39511069 as u32;
        /// The fifth.
        EXP2_5 = 7680985 as u32;
        /// Words of a match in which those of its point are found.
        SHARING_WORDS = 8 as usize;
    }
}

shared_constants! {
    /// What the refinement by the neighbours of matches shares.
    COHERENCE {
        /// Nearest other matches of a match in (x1, y1, x2, y2), all of which have a say.
        COHERENT_NEIGHBOURS = 8 as usize;
        /// Matches that a workgroup weighs at a time.
        WEIGHED_MATCHES = 128 as u32;
    }
}

shared_numbers! {
    /// What it goes by.
    COHERENCE_LIMITS {
        /// Matches with a residual of more thresholds keep the weight that they have: they are too far to take part.
        WIDE_REACH = 10.0;
        /// A match agrees with a model less and less up to a residual of so many thresholds.
        AGREEMENT = 2.0;
        /// Share of its neighbours that agree by which a match without any that does still counts.
        LEAST_AGREEMENT = 0.001;
    }
}

shared_constants! {
    /// What the stages share that look for planes and for motions without translation.
    RECOVERY {
        /// Hypotheses at most: for a homography or a rotation of the inliers, or for the epipole of a plane.
        HYPOTHESES = 200 as u32;
        /// Fits to the matches that the fit before explained.
        REFITS = 5 as u32;
        /// Matches, spread over all, by which the hypotheses for a homography or a rotation are compared: enough to tell which share
        /// they explain to within some hundredths. What is said of the best one is counted over all.
        COMPARED = 256 as usize;
        /// Share of the inliers, in hundredths, from which on a homography or a rotation explains a pair; as of COLMAP (Schönberger
        /// 2016).
        EXPLAINED_PERCENT = 80 as u32;
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
        /// The quantile at 0.95 of χ² with two degrees of freedom.
        CHI_SQ_2 = 5.99146455;
        /// The same with three.
        CHI_SQ_3 = 7.8147279;
        /// A rotation with a larger standard deviation is not determined.
        UNDETERMINED_RAD = 0.1;
    }
}

shared_numbers! {
    /// What the refinement of a pose by the noise of its inliers goes by.
    NOISE {
        /// The scale of the Cauchy loss in median residuals. The median of residuals in two dimensions is 1.18 σ, and at 2.385 σ the
        /// loss has 95 % of the efficiency of least squares on Gaussian noise (Holland and Welsch 1977); 1.5 to 3 serve alike on the
        /// validation scenes.
        MEDIANS = 2.0;
        /// The smallest scale, thresholds.
        LEAST_SCALE = 0.001;
        /// The scale of the final refinement, thresholds.
        FINAL_SCALE = 0.5;
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
        /// Normalised coordinates are no farther from 0: those of an absurd pixel would drown the others in the network's norms.
        FARTHEST_OF_ROW = 64 as u32;
        /// Points farther from the middle than so many times the median distance are absurd: no image is so large, whatever crowds
        /// in it.
        ABSURD = 1000 as u32;
        /// Columns of the input rows.
        ROW_COLUMNS = 9 as usize;
        /// Column of the logarithm of the scales' ratio.
        LN_SCALE = 1 as usize;
        /// Column of the cosine of the orientations' difference.
        COS_ANGLE = 2 as usize;
        /// Column of its sine.
        SIN_ANGLE = 3 as usize;
        /// Column of the place of the SNN ratio among those of the pair.
        RATIO_RANK = 6 as usize;
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
#[cfg(all(feature = "network", not(target_arch = "wasm32")))]
pub(crate) const DOUBTFUL_SHARE: f64 = 0.075;

/// Widths of the bins of descriptors, pixels.
pub(crate) const BIN_WIDTHS_PX: [u32; BIN_LEVELS as usize] = [CELL_PX, 2 * CELL_PX, 4 * CELL_PX];
