/** What is estimated: two calibrated views, two views, a plane or a rotation between two views, a camera, a rigid motion. */
export type Model = "essential" | "fundamental" | "homography" | "pose" | "rigid";

/** Where the work runs: on a GPU where the page has WebGPU, else on the CPU; on any WebGPU, software too; on the CPU. */
export type Backend = "auto" | "gpu" | "cpu";

/** Numbers one after the other. */
export type Numbers = Float64Array | Float32Array | readonly number[];

/** `[fx, fy, cx, cy]` and, if not 0, the skew, pixels; or one of COLMAP's models with its parameters. */
export type Camera = Numbers | { model: string; params: Numbers };

/** Options of an estimator. What is left out is as the library has it. */
export interface EstimatorOptions {
    backend?: Backend;
    /** Inlier threshold, pixels; for rigid motions in the unit of the points. 1. */
    thresholdPx?: number;
    /** How samples are drawn: by the network that ships, where one does, or by ratios and weights; all alike; by ratios; by weights. */
    sampler?: "auto" | "uniform" | "ratio" | "weights";
    score?: "ransac" | "msac" | "magsac++";
    residual?: "sampson" | "symmetric";
    /** Hypotheses drawn at least, 64, and at most, 10,000. One alone moves the other out of its way. */
    minIterations?: number;
    maxIterations?: number;
    /** Stop once a sample of the best model's inliers only was drawn with this probability. 0.9999. */
    confidence?: number;
    /** Inliers that a model has at least. */
    minInliers?: number;
    /** Matches with a higher SNN ratio are scored but never sampled. */
    sampleRatioBelow?: number;
    /** Of the matches of one point at most one can be right. */
    oneToOne?: boolean;
    /** Scales and orientations of key points help to choose, where they are given. */
    keyPoints?: boolean;
    /** Refit on all matches with their weights, without sampling. */
    useAll?: boolean;
    /** Look for planes, second motions and what else the matches leave open. */
    diagnose?: boolean;
    /** Weights, or else ratios, scale each match's part of the score, of the refinement; neighbours that agree count. */
    weighScore?: boolean;
    weighRefinement?: boolean;
    coherent?: boolean;
}

/** Matches, and what is known of them. Per-match arrays have an entry a match. */
export interface Problem {
    model: Model;
    /** Pixels `x y`, one point after the other; of a rigid motion `X Y Z`. */
    points1: Numbers;
    /** Pixels `x y`; of a pose points in the world `X Y Z`, of a rigid motion `X Y Z`. */
    points2: Numbers;
    /** SNN ratios: the lower, the more likely right. */
    ratios?: Numbers;
    weights?: Numbers;
    /** Diameters of key points, pixels, and orientations, degrees. */
    scales1?: Numbers;
    scales2?: Numbers;
    angles1?: Numbers;
    angles2?: Numbers;
    /** Both for an essential matrix, the first for a pose, none for the others. */
    camera1?: Camera;
    camera2?: Camera;
    /** In place of the estimator's. */
    thresholdPx?: number;
    /** The same seed draws the same samples, on every backend and in every language. A whole number below 2^53; 0. */
    seed?: number;
}

/** `x2 ~ R x1 + t` with `|t| = 1`; `x_camera = R X_world + t`; `X2 = R X1 + t`. */
export interface Motion {
    /** 9 numbers, row-major. */
    rotation: Float64Array;
    translation: Float64Array;
}

/** What was found. Matrices are 9 numbers, row-major. */
export interface Result {
    model: Model;
    /** Whether a model was found; that none was is no error. */
    found: boolean;
    /** The essential or fundamental matrix or the homography. */
    matrix: Float64Array | null;
    /** The motion of an essential matrix, a pose or a rigid motion. */
    pose: Motion | null;
    /** Of two views, for epipolar lines: `x2ᵀ F x1 = 0`, pixels. */
    fundamental: Float64Array | null;
    /** 1 for each match that is an inlier, else 0. */
    inliers: Uint8Array;
    inlierCount: number;
    score: number;
    /** Hypotheses drawn. */
    iterations: number;
    /** The probability with which a sample of inliers only was among them. */
    confidence: number;
    /** Whether the hypotheses ended before the confidence asked for was reached. */
    budgetSpent: boolean;
    /** One homography explains most inliers. */
    planar: boolean;
    /** A rotation alone explains most inliers: the translation is not determined. */
    rotationOnly: boolean;
    /** The second motion explains the matches nearly as well. */
    ambiguous: boolean;
    /** How a pose is turned about a line is not determined. */
    rotationUndetermined: boolean;
    /** The homography that explains most inliers, of two calibrated or uncalibrated views. */
    homography: Float64Array | null;
    /** The best motion clearly different from the winner, where its score is half as high at least. */
    secondMotion: (Motion & { score: number; fundamental: Float64Array }) | null;
}

/** What every call throws: `name` tells whether the input, a file or the device is at fault. */
export interface NablaRansacError extends Error {
    name: "BadInput" | "FileError" | "DeviceError";
}

/** Estimates models of any kind. Made once, used for any number of problems. */
export class Estimator {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    static create(options?: EstimatorOptions): Promise<Estimator>;
    readonly backend: "gpu" | "cpu";
    /** The adapter's name, or `CPU`. */
    readonly deviceName: string;
    /** The device, for a renderer that is to share it; null on the CPU. */
    readonly device: GPUDevice | null;
    estimate(problem: Problem): Promise<Result>;
    /** One result a problem, of one that is wrong its error. On a GPU in as few submissions as its memory allows. */
    estimateBatch(problems: readonly Problem[]): Promise<(Result | NablaRansacError)[]>;
    /** How likely each match is right, as the network that ships for an essential or fundamental matrix says. */
    rank(problem: Problem): Promise<Float32Array>;
    /** From GPU buffers to GPU buffers. */
    pipeline(options: PipelineOptions): Promise<Pipeline>;
}

export interface PipelineOptions {
    model: Model;
    /** Room for the matches of all pairs together. */
    maxMatches: number;
    /** Room for pairs; 1. */
    maxPairs?: number;
    /** What was found last of each pair is one more hypothesis: for frames of a camera. */
    lastAsPrior?: boolean;
}

/** A pair of a submission: a range of the matches. */
export interface PipelinePair {
    matchStart?: number;
    matchCount: number;
    camera1?: Numbers;
    camera2?: Numbers;
    thresholdPx?: number;
    seed?: number;
}

/** The estimator for a page that renders what it finds, on the device of its estimator; nothing is read back. */
export class Pipeline {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /** To be written by the page: `x1 y1 x2 y2` a match, f32; of a pose `X Y Z 0, x y 0 0`, of a rigid motion `X1 Y1 Z1 0, X2 Y2 Z2 0`. */
    readonly matches: GPUBuffer;
    /** 80 bytes a pair: three rows of four of the model, score (f32), inliers, hypotheses, status (u32; 0 found). A uniform of one pair. */
    readonly results: GPUBuffer;
    /** A u32 a match: 1 for an inlier. */
    readonly inlierMask: GPUBuffer;
    /** Submits the estimation, ahead of what the page submits next. */
    submit(pairs: readonly PipelinePair[]): void;
}

/** A pair of a file: a problem that wants a model, with its name and the true motion where the file has it. */
export type MatchesOfFile = Omit<Problem, "model"> & { id: string; truth?: Motion };

/** The pairs of a file of matches, `.npz`, `.csv` or `.safetensors` as its name says. */
export function readMatches(bytes: Uint8Array, name: string, model: Model): MatchesOfFile[];
