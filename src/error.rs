use thiserror::Error;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong; every message says what was expected and what came.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Two per-match arrays differ in length.
    #[error("{what}: expected {expected} entries, one a match, but there are {found}")]
    LengthMismatch {
        /// The array that has the wrong length.
        what: &'static str,
        /// The number of matches.
        expected: usize,
        /// The number of entries found.
        found: usize,
    },
    /// Fewer matches than one sample of the model needs.
    #[error("{model} needs at least {needed} different matches to sample from, but there are {found}")]
    TooFewMatches {
        /// The model asked for.
        model: &'static str,
        /// The sample size of its solver.
        needed: usize,
        /// The number of usable matches.
        found: usize,
    },
    /// Photographs with poses that tell the distance of too little: they show different things, nothing, or all from one place.
    #[error(
        "expected photographs that see the same from different places, but of {photographs} there are {found} cells whose distance others confirm, fewer than {needed}; are the poses right?"
    )]
    NoParallax {
        /// How many were looked at.
        photographs: usize,
        /// Cells that were expected at least.
        needed: usize,
        /// Cells whose distance was found.
        found: usize,
    },
    /// A coordinate or a per-match value is NaN or infinite.
    #[error("{what} of match {index} must be finite, but is {value}")]
    NotFinite {
        /// What the value is.
        what: &'static str,
        /// The first match that has one.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// A match that names a key point which its image does not have.
    #[error("match {index} names key point {found} of {image}, which has {count}")]
    NoSuchKeyPoint {
        /// Which image.
        image: &'static str,
        /// The match.
        index: usize,
        /// The key point that it names, from 0.
        found: u32,
        /// Key points that the image has.
        count: usize,
    },
    /// A matched key point that is NaN or infinite.
    #[error("the coordinates of key point {key_point} of {image} must be finite, but one is {value}")]
    BadKeyPoint {
        /// Which image.
        image: &'static str,
        /// The key point, from 0.
        key_point: u32,
        /// The value found.
        value: f64,
    },
    /// A row of a database, or of a file like one, that does not hold what it should.
    #[cfg(feature = "collection")]
    #[error("{path}: {row}: {message}")]
    Row {
        /// The file.
        path: String,
        /// The table and the row.
        row: String,
        /// What was expected and what came.
        message: String,
    },
    /// A key-point diameter below 0.
    #[error("{what} of match {index} must be at least 0, but is {value}")]
    NegativeScale {
        /// Which scale.
        what: &'static str,
        /// The first match that has one.
        index: usize,
        /// The value found.
        value: f32,
    },
    /// All points of one side are equal or on one line, so that no model is determined.
    #[error("{what} must not all lie on one {locus}: no {model} is determined by them")]
    DegenerateMatches {
        /// The side.
        what: &'static str,
        /// `point` or `line`.
        locus: &'static str,
        /// The model asked for.
        model: &'static str,
    },
    /// A camera whose intrinsics cannot be inverted, or are not finite.
    #[error("{which}: all intrinsics must be finite and the focal lengths positive, but those are ({fx}, {fy})")]
    SingularCamera {
        /// Which camera.
        which: &'static str,
        /// Horizontal focal length found, pixels.
        fx: f64,
        /// Vertical focal length found, pixels.
        fy: f64,
    },
    /// Parameters that are not those of a camera model.
    #[error(
        "camera model {name}: expected {expected}, all finite and the focal lengths above 0, but the parameters are {found}"
    )]
    BadCamera {
        /// The model's name in COLMAP.
        name: &'static str,
        /// The names of its parameters.
        expected: &'static str,
        /// The parameters given.
        found: String,
    },
    /// Per-match weights that are negative, or zero everywhere.
    #[error("weights must be non-negative with at least {needed} above zero, but {found}")]
    BadWeights {
        /// How many positive weights a sample needs.
        needed: usize,
        /// What was found instead.
        found: String,
    },
    /// A prior that cannot be a model of these matches.
    #[error("prior of the {model}: expected {expected}, but found {found}")]
    BadPrior {
        /// The model asked for.
        model: &'static str,
        /// What is accepted.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// An option outside its range.
    #[error("option {name}: expected {expected}, but got {found}")]
    BadOption {
        /// The option's name.
        name: &'static str,
        /// The accepted range.
        expected: &'static str,
        /// The value given.
        found: String,
    },
    /// The problem lacks what the options ask for.
    #[error("{option} needs {missing}, but the problem has none")]
    MissingInput {
        /// The option that needs it.
        option: &'static str,
        /// The array that is missing.
        missing: &'static str,
    },
    /// No adapter that the backend may use.
    #[error(
        "no GPU adapter found ({details}); expected one of Vulkan, Metal, DX12 or WebGPU. A software one on Debian: apt-get install mesa-vulkan-drivers"
    )]
    NoAdapter {
        /// What the search said.
        details: String,
    },
    /// The device was lost, or refused the work.
    #[error("the GPU device failed: {0}")]
    Device(String),
    /// The device has too little memory left.
    #[error("the GPU has not enough memory left: {0}")]
    DeviceMemory(String),
    /// A buffer of the host that cannot be bound.
    #[error("the buffer of {what}: expected {expected}, but found {found}")]
    BadBuffer {
        /// What it holds.
        what: &'static str,
        /// What is asked of it.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A single problem that does not fit the device's memory.
    #[error(
        "the work needs {needed} bytes in one GPU buffer, but the device allows {available}: use fewer matches or fewer hypotheses a round"
    )]
    OutOfMemory {
        /// Bytes needed.
        needed: u64,
        /// Bytes the device allows.
        available: u64,
    },
    /// A device on which not even one pair can be trained.
    #[cfg(feature = "train")]
    #[error(
        "to train on a pair of {matches} matches with {hypotheses} hypotheses takes about {needed} bytes, {buffer_needed} in one buffer, but the device has {available} and {buffer_available} in one: {most_matches} matches would fit, or {most_hypotheses} hypotheses"
    )]
    DeviceTooSmall {
        /// Matches of the pair.
        matches: usize,
        /// Hypotheses of the pair; 0 in the initialisation.
        hypotheses: usize,
        /// Bytes that it takes in all, estimated.
        needed: u64,
        /// Bytes that the device has.
        available: u64,
        /// Bytes of its largest buffer.
        buffer_needed: u64,
        /// Bytes that one buffer of the device can have.
        buffer_available: u64,
        /// Matches that would fit with as many hypotheses.
        most_matches: usize,
        /// Hypotheses that would fit with as many matches; 0 also where not even the network does.
        most_hypotheses: usize,
    },
    /// A camera that the model has no use for.
    #[error("{camera}: expected none, for the {model} model has no use for it")]
    UselessCamera {
        /// Which.
        camera: &'static str,
        /// The model asked for.
        model: &'static str,
    },
    /// No pair of a data set can be trained on.
    #[cfg(feature = "data")]
    #[error(
        "expected image pairs with their true motion (R, t), both cameras (K1, K2), at least {needed} matches and right ones among them, but of {pairs} pairs {skipped}"
    )]
    NothingToTrainOn {
        /// Matches that a pair needs.
        needed: usize,
        /// Pairs looked at.
        pairs: usize,
        /// Why they were left out, in words.
        skipped: String,
    },
    /// The threads that load pairs ended before the last was loaded.
    #[cfg(feature = "data")]
    #[error("the loader of pairs stopped at step {step}: one of its threads failed")]
    LoaderStopped {
        /// The step that was to be loaded.
        step: usize,
    },
    /// A file that cannot be read or does not hold what it should.
    #[cfg(feature = "network")]
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: String,
        /// What was expected and what came.
        message: String,
    },
    /// Values that are not those of a grey image.
    #[cfg(feature = "network")]
    #[error("grey image of {width}x{height} pixels: expected a value from 0 to 1 for each, but {found}")]
    BadImage {
        /// The width asked for, pixels.
        width: u32,
        /// The height asked for, pixels.
        height: u32,
        /// What was found instead.
        found: String,
    },
    /// A loss or gradient of a training that is no number.
    #[cfg(feature = "train")]
    #[error("{what} of step {step} must be finite, but is {value}: {saved}")]
    TrainingDiverged {
        /// What it is.
        what: &'static str,
        /// The step, from 0.
        step: usize,
        /// The value found.
        value: f64,
        /// Where the batch of the step is.
        saved: String,
    },
    /// Weights that are no network's, or not those of the network asked for.
    #[cfg(feature = "network")]
    #[error("{path}: {error}")]
    Weights {
        /// The file, or what stands for it.
        path: String,
        /// What is wrong with them.
        error: crate::network::WeightsError,
    },
}

#[cfg(feature = "network")]
impl Error {
    /// [`Error::File`] with what was expected of the file and what came.
    pub(crate) fn file(path: &std::path::Path, message: impl ToString) -> Self {
        Self::File { path: path.display().to_string(), message: message.to_string() }
    }
}

/// What stands for an answer that a batch did not give.
#[cfg(feature = "network")]
pub(crate) fn no_answer<T>() -> Result<T> {
    Err(Error::Device("the batch gave no answer".to_owned()))
}
