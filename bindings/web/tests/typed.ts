// Calls that must compile against the package's types, and some that must not.
import init, { Estimator, type Problem, readMatches, type Result } from "../pkg/nabla_ransac.js";

await init();
const estimator: Estimator = await Estimator.create({ backend: "auto", thresholdPx: 1.5, sampler: "ratio" });
const [pair] = readMatches(new Uint8Array(), "matches.npz", "essential");
const problem: Problem = { ...pair, model: "essential", camera1: [1, 1, 0, 0], camera2: { model: "OPENCV", params: [1, 1, 0, 0, 0, 0, 0, 0] } };
const result: Result = await estimator.estimate(problem);
const rotation: Float64Array | undefined = result.pose?.rotation;
const results: (Result | Error)[] = await estimator.estimateBatch([problem]);
const probabilities: Float32Array = await estimator.rank(problem);
const pipeline = await estimator.pipeline({ model: "homography", maxMatches: 100 });
const buffer: GPUBuffer = pipeline.results;
const device: GPUDevice | null = estimator.device;
pipeline.submit([{ matchCount: 10 }]);
console.log(rotation, results, probabilities, buffer, device);

// @ts-expect-error no such model
await estimator.estimate({ ...problem, model: "affine" });
// @ts-expect-error no such option
await Estimator.create({ treshold: 1 });
// @ts-expect-error made by create
new Estimator();
