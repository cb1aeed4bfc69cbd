// The package against the native program, on the CPU and on WebGPU; what it says of bad input and of devices that are not there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { launch, open, root, serve, site, target } from "./browser.mjs";

const camera = [600, 600, 375, 281];
let server, browser, page;

before(async () => {
    server = await serve(site);
    browser = await launch({ webgpu: true });
    ({ page } = await open(browser, server.url));
});
after(async () => {
    await browser?.close();
    server?.end();
});

function native(model, ...more) {
    const cameras = model === "essential" ? ["--camera1", camera.join(), "--camera2", camera.join()] : [];
    const program = path.join(target, "release/nabla-ransac");
    const run = ["estimate", path.join(root, "examples/data/leuven.npz"), "--model", model, "--backend", "cpu", "--json", ...cameras, ...more];
    return JSON.parse(execFileSync(program, run, { encoding: "utf8", maxBuffer: 1 << 26 }));
}

function inBrowser(model, options) {
    return page.evaluate(async ([model, options, camera]) => {
        const known = await leuven();
        const estimator = await nabla.Estimator.create(options);
        const cameras = model === "essential" ? { camera1: camera, camera2: camera } : {};
        const result = await estimator.estimate({ ...known, ...cameras, model });
        const matrix = [...result.matrix], inliers = [...result.inliers];
        return { ...result, matrix, inliers, backend: estimator.backend, deviceName: estimator.deviceName };
    }, [model, options, camera]);
}

const share = (a, b) => a.filter((value, k) => Boolean(value) === Boolean(b[k])).length / a.length;

for (const model of ["fundamental", "essential", "homography"]) {
    test(`${model} on the CPU is what the native program finds`, async () => {
        const expected = native(model), found = await inBrowser(model, { backend: "cpu" });
        assert.equal(found.backend, "cpu");
        assert.equal(found.iterations, expected.iterations);
        // the native one has fused products: a match at the threshold may fall to the other side
        assert.ok(Math.abs(found.inlierCount - expected.inlier_count) <= 1, `${found.inlierCount} and ${expected.inlier_count}`);
        assert.ok(share(found.inliers, expected.inliers) > 0.998);
        const scale = Math.max(...expected[model].flat().map(Math.abs));
        expected[model].flat().forEach((entry, k) => assert.ok(Math.abs(entry - found.matrix[k]) < 1e-3 * scale, `${k}: ${entry}, ${found.matrix[k]}`));
    });
    test(`${model} on WebGPU agrees with the native program`, async () => {
        const expected = native(model), found = await inBrowser(model, { backend: "gpu" });
        assert.equal(found.backend, "gpu");
        assert.equal(found.iterations, expected.iterations);
        assert.ok(share(found.inliers, expected.inliers) > 0.99, `${found.inlierCount} and ${expected.inlier_count}`);
    });
}

test("a batch gives a result or an error a problem, in order", async () => {
    const found = await page.evaluate(async () => {
        const known = await leuven();
        const estimator = await nabla.Estimator.create({ backend: "gpu" });
        const problem = (seed) => ({ ...known, model: "fundamental", seed });
        const wrong = { ...problem(1), points2: new Float32Array(4) };
        const batch = await estimator.estimateBatch([problem(0), wrong, { ...problem(0), model: "homography" }, problem(0)]);
        return batch.map((result) => result instanceof Error ? `${result.name}: ${result.message}` : [result.model, result.inlierCount]);
    });
    assert.equal(found[0][0], "fundamental");
    assert.match(found[1], /^BadInput: problem 1: points of image 2.*expected 1326.*there are 2/);
    assert.equal(found[2][0], "homography");
    assert.deepEqual(found[3], found[0]);
});

test("ranks alike on both backends", async () => {
    const [cpu, gpu] = await page.evaluate(async () => {
        const known = await leuven();
        const ranked = async (backend) => [...await (await nabla.Estimator.create({ backend })).rank({ ...known, model: "fundamental" })];
        return [await ranked("cpu"), await ranked("gpu")];
    });
    assert.equal(cpu.length, 1326);
    cpu.forEach((probability, k) => assert.ok(Math.abs(probability - gpu[k]) < 1e-3, `${k}: ${probability}, ${gpu[k]}`));
});

test("a pipeline leaves its results in buffers of the device that it gives away", async () => {
    const found = await page.evaluate(async () => {
        const { points1, points2, ratios } = await leuven();
        const good = [...ratios.keys()].filter((k) => ratios[k] < 0.8);
        const matches = Float32Array.from(good.flatMap((k) => [points1[2 * k], points1[2 * k + 1], points2[2 * k], points2[2 * k + 1]]));
        const estimator = await nabla.Estimator.create({ backend: "gpu", maxIterations: 256 });
        const pipeline = await estimator.pipeline({ model: "fundamental", maxMatches: 1000, lastAsPrior: true });
        const { device } = estimator;
        const counts = [];
        for (const seed of [1, 2]) {
            device.queue.writeBuffer(pipeline.matches, 0, matches);
            pipeline.submit([{ matchCount: good.length, seed }]);
            const read = device.createBuffer({ size: 80, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
            const encoder = device.createCommandEncoder();
            encoder.copyBufferToBuffer(pipeline.results, 0, read, 0, 80);
            device.queue.submit([encoder.finish()]);
            await read.mapAsync(GPUMapMode.READ);
            const words = new Uint32Array(read.getMappedRange());
            counts.push({ inliers: words[13], status: words[15] });
        }
        const tooMany = await answer(() => pipeline.submit([{ matchCount: 1001 }]));
        return { counts, tooMany, all: good.length };
    });
    for (const { inliers, status } of found.counts) {
        assert.equal(status, 0);
        assert.ok(inliers > 250 && inliers <= found.all, `${inliers} of ${found.all}`);
    }
    assert.equal(found.tooMany.name, "DeviceError");
});

test("bad input says what was expected and what came", async () => {
    const problem = { model: "fundamental", points1: [1, 2, 3, 4], points2: [1, 2, 3, 4] };
    const nine = Array.from({ length: 18 }, (_, k) => (k * k * 7) % 101);
    const cases = [
        [{}, /^model: expected essential, fundamental, homography, pose or rigid, but there is none/],
        [{ ...problem, model: "affine" }, /^model: unknown variant `affine`, expected one of/],
        [{ model: "fundamental", points1: [1, 2] }, /^points2: expected points, but there are none/],
        [{ ...problem, points1: [1, 2, 3] }, /^points1: expected 2 numbers a point.* there are 3/],
        [{ ...problem, points1: [1, "2"] }, /^points1: expected a typed array or an array of numbers/],
        [{ ...problem, points1: "no" }, /^points1: expected a typed array or an array of numbers, but got "no"/],
        [{ ...problem, points2: [1, 2] }, /expected 2 entries, one a match, but there are 1/],
        [{ ...problem, ratios: [0.5] }, /ratio: expected 2 entries, one a match, but there are 1/],
        [{ ...problem, scales1: [1, 1] }, /^scales1 and scales2: expected both or none/],
        [{ ...problem, camera1: [1, 1, 0, 0] }, /camera1: expected none, for the fundamental model has no use for it/],
        [{ ...problem, seed: -1 }, /^seed: expected a whole number/],
        [{ ...problem, treshold: 1 }, /^treshold: expected some of .*thresholdPx/],
        [{ ...problem, points1: nine, points2: nine, thresholdPx: 0 }, /thresholdPx: expected a number above 0/],
        [{ ...problem, points1: [NaN, ...nine.slice(1)], points2: nine }, /must be finite, but is NaN/],
        [problem, /at least 7 different matches.*there are 2/],
        [{ ...problem, model: "essential" }, /camera/],
        [{ ...problem, model: "essential", camera1: [1, 1, 0], camera2: [1, 1, 0, 0] }, /^camera1: expected \[fx, fy, cx, cy\], but there are 3 numbers/],
        [{ ...problem, model: "essential", camera1: { model: "FOO", params: [1] }, camera2: [1, 1, 0, 0] }, /FOO/],
    ];
    const found = await page.evaluate(async (problems) => {
        const estimator = await nabla.Estimator.create({ backend: "cpu" });
        return Promise.all([...problems, 5, undefined].map((problem) => answer(() => estimator.estimate(problem))));
    }, cases.map(([problem]) => problem));
    cases.forEach(([, expected], k) => {
        assert.equal(found[k].name, "BadInput", `${expected}: ${JSON.stringify(found[k])}`);
        assert.match(found[k].message, expected);
    });
    assert.match(found.at(-2).message, /^problem: expected an object, but got 5/);
    assert.equal(found.at(-1).name, "BadInput");
});

test("bad options and files say what was expected", async () => {
    const found = await page.evaluate(() => Promise.all([
        answer(() => nabla.Estimator.create({ backend: "cuda" })),
        answer(() => nabla.Estimator.create({ maxIterations: 0.5 })),
        answer(() => nabla.Estimator.create({ confidence: 1 })),
        answer(() => nabla.Estimator.create({ foo: 1 })),
        answer(() => nabla.readMatches(new Uint8Array(3), "a.npz", "fundamental")),
        answer(() => nabla.readMatches(new Uint8Array(3), "a.pdf", "fundamental")),
        answer(() => nabla.readMatches(new TextEncoder().encode("x1,y1\n1,2\n"), "a.csv", "fundamental")),
    ]));
    const expected = [
        ["BadInput", /^backend: unknown variant `cuda`, expected one of `auto`, `gpu`, `cpu`/],
        ["BadInput", /^maxIterations: expected a whole number/],
        ["BadInput", /confidence: expected a number in 0..1, but got 1/],
        ["BadInput", /^foo: expected some of .*thresholdPx/],
        ["FileError", /./],
        ["BadInput", /a\.pdf: expected a file that ends in/],
        ["FileError", /./],
    ];
    expected.forEach(([name, message], k) => {
        assert.equal(found[k].name, name, JSON.stringify(found[k]));
        assert.match(found[k].message, message);
    });
});

test("a device that is lost in a batch is an error of each problem, and of what comes after", async () => {
    const found = await page.evaluate(async () => {
        const known = await leuven();
        const estimator = await nabla.Estimator.create({ backend: "gpu" });
        const problems = Array.from({ length: 40 }, (_, seed) => ({ ...known, model: "fundamental", seed }));
        await estimator.estimate(problems[0]);
        const batch = estimator.estimateBatch(problems);
        await new Promise((resolve) => setTimeout(resolve, 1));
        estimator.device.destroy();
        const during = (await batch).map((result) => result instanceof Error ? result.name : "found");
        return { during, after: await answer(() => estimator.estimate(problems[0])) };
    });
    assert.equal(found.during.length, 40);
    assert.ok(found.during.every((name) => name === "DeviceError" || name === "found"), found.during.join());
    assert.equal(found.after.name, "DeviceError", JSON.stringify(found.after));
});

test("without WebGPU the CPU does it, and WebGPU asked for is an error", async () => {
    const browser = await launch({ webgpu: false });
    try {
        const { page } = await open(browser, server.url);
        const found = await page.evaluate(async () => {
            const known = await leuven();
            const estimator = await nabla.Estimator.create();
            const { inlierCount } = await estimator.estimate({ ...known, model: "fundamental" });
            return {
                backend: estimator.backend, device: estimator.device, inlierCount,
                gpu: await answer(() => nabla.Estimator.create({ backend: "gpu" })),
                pipeline: await answer(() => estimator.pipeline({ model: "homography", maxMatches: 10 })),
            };
        });
        assert.equal(found.backend, "cpu");
        assert.equal(found.device, null);
        assert.equal(found.inlierCount, native("fundamental").inlier_count);
        assert.equal(found.gpu.name, "DeviceError");
        assert.match(found.gpu.message, /no GPU adapter found/);
        assert.equal(found.pipeline.name, "DeviceError");
    } finally {
        await browser.close();
    }
});
