// The package in a headless Chromium against the native program on the same pairs: hypotheses, motions, accuracy and time.
// node bindings/web/benches/compare.mjs [--backend gpu] [--rounds 3] SCENE.safetensors... (after bindings/web/demo.sh --build-only)
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { launch, open, serve, site, target } from "../tests/browser.mjs";

const { values, positionals: scenes } = parseArgs({
    allowPositionals: true,
    options: { backend: { type: "string", default: "cpu" }, rounds: { type: "string", default: "3" } },
});
if (!scenes.length) throw new Error("expected files of pairs with their true motion");

/** Error and hypotheses of each pair, and milliseconds a pair, on one thread. */
function native(folder) {
    const out = path.join(folder, "pairs.csv");
    const run = ["eval", ...scenes, "--model", "essential", "--backend", "cpu", "--threads", "1", "--per-pair", out];
    execFileSync(path.join(target, "release/nabla-ransac"), run, { stdio: "ignore" });
    const [names, ...rows] = readFileSync(out, "utf8").trim().split("\n").map((line) => line.split(","));
    const column = (name) => rows.map((row) => row[names.indexOf(name)]);
    return { errors: column("pose_error_deg").map(Number), iterations: column("iterations").map(Number), ms: mean(column("ms").map(Number)) };
}

function inBrowser(page, backend) {
    return page.evaluate(async (backend) => {
        const estimator = await nabla.Estimator.create({ backend });
        const problems = globalThis.pairs.map(({ id, truth, ...known }) => ({ ...known, model: "essential" }));
        await estimator.estimate(problems[0]); // what is made once
        const results = [], start = performance.now();
        for (const problem of problems) results.push(await estimator.estimate(problem));
        const ms = (performance.now() - start) / problems.length;
        const errors = results.map((result, k) => poseError(result, globalThis.pairs[k].truth));
        return { errors, iterations: results.map((result) => result.iterations), ms, device: estimator.deviceName || estimator.backend };
    }, backend);
}

/** The larger one of the angles between rotations and between directions, degrees. */
function poseError(result, truth) {
    if (!result.found) return 180;
    const degrees = (cosine) => Math.acos(Math.min(1, Math.max(-1, cosine))) * 180 / Math.PI;
    const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
    const trace = dot(result.pose.rotation, truth.rotation);
    const [t, u] = [result.pose.translation, truth.translation];
    return Math.max(degrees((trace - 1) / 2), degrees(dot(t, u) / Math.hypot(...t) / Math.hypot(...u)));
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const share = (count, all) => `${(100 * count / all).toFixed(1)} %`;

/** The exact area under the curve of recall, up to 10 degrees. */
const auc10 = (errors) => mean(errors.map((error) => Math.max(0, 10 - error) / 10));

const folder = mkdtempSync(path.join(tmpdir(), "compare-"));
const server = await serve(site), browser = await launch({ webgpu: values.backend === "gpu" });
try {
    const { page } = await open(browser, server.url);
    await page.evaluate(`globalThis.pairs = []; globalThis.poseError = ${poseError}`);
    for (const scene of scenes) {
        const content = readFileSync(scene).toString("base64");
        await page.evaluate(async ([content, name]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            globalThis.pairs.push(...nabla.readMatches(bytes, name, "essential"));
        }, [content, path.basename(scene)]);
    }
    for (let round = 0; round < Number(values.rounds); round++) {
        const [ours, theirs] = [await inBrowser(page, values.backend), native(folder)];
        const same = ours.iterations.filter((count, k) => count === theirs.iterations[k]).length;
        const close = ours.errors.filter((error, k) => Math.abs(error - theirs.errors[k]) < 0.1).length;
        const all = ours.errors.length;
        console.log(`${all} pairs on ${ours.device}: as many hypotheses ${share(same, all)}, errors within .1 degrees ${share(close, all)}, ` +
            `AUC@10 ${auc10(ours.errors).toFixed(4)} (native ${auc10(theirs.errors).toFixed(4)}), ` +
            `${ours.ms.toFixed(2)} ms a pair (native ${theirs.ms.toFixed(2)}), ratio ${(ours.ms / theirs.ms).toFixed(2)}`);
    }
} finally {
    await browser.close();
    server.end();
    rmSync(folder, { recursive: true });
}
