import init from "./pkg/nabla_ransac.js";
import { pairsPerSecond } from "./bench.js";
import { Estimation } from "./estimation.js";
import { pairsOf, photoOf, shippedPair, sorted } from "./files.js";
import { View, epipolarLine } from "./view.js";

const at = (id) => document.getElementById(id);
const view = new View(at("view"));
const estimation = new Estimation();
let pairs = [], photos = [null, null], secondShown = false;

const pair = () => pairs[Number(at("pair").value) || 0];
const thresholdPx = () => 10 ** Number(at("threshold").value);

function say(text, isWrong = false) {
    at("status").textContent = text;
    at("status").classList.toggle("wrong", isWrong);
}

const fail = (error) => say(error.message ?? String(error), true);

/** The problem that is shown. */
function problem() {
    const model = at("model").value;
    const { id, truth, camera1, camera2, ...known } = pair();
    const cameras = model === "essential" ? { camera1: camera(0, camera1), camera2: camera(1, camera2) } : {};
    return { ...known, ...cameras, model, thresholdPx: thresholdPx() };
}

/** That of the file, or one with the focal length of the page and its centre in the middle of the photograph. */
function camera(side, ofFile) {
    if (ofFile) return ofFile;
    const focal = Number(at("focal").value), [width, height] = view.sizes[side];
    return [focal, focal, (width - 1) / 2, (height - 1) / 2];
}

const estimator = () => estimation.estimator({ backend: at("backend").value, sampler: at("sampler").value });

function estimate() {
    if (!pairs.length) return;
    const work = async () => {
        const used = await estimator();
        const asked = problem(), start = performance.now();
        const result = await used.estimate(asked);
        return { result, ms: performance.now() - start, device: used.deviceName, backend: used.backend };
    };
    estimation.newest(work, (answer, error) => {
        if (error) {
            view.result = null;
            view.draw();
            at("found").replaceChildren();
            if (error.name === "DeviceError") estimation.forget();
            return fail(error);
        }
        show(answer);
    });
}

function show({ result, ms, device, backend }) {
    view.result = result;
    secondShown &&= result.secondMotion !== null;
    at("second").hidden = result.secondMotion === null;
    showMotion();
    const where = backend === "gpu" ? `WebGPU${device ? `, ${device}` : ""}` : "CPU (WebAssembly)";
    say(result.found ? `${result.inlierCount} of ${result.inliers.length} matches are inliers.` : "No model was found.");
    const notes = [["planar", "a plane"], ["rotationOnly", "rotation alone"], ["ambiguous", "ambiguous"]];
    const flags = notes.filter(([key]) => result[key]).map(([, text]) => text).join(", ") || "none";
    facts({
        Inliers: `${result.inlierCount} of ${result.inliers.length}`,
        Hypotheses: result.iterations,
        Confidence: result.confidence.toFixed(4),
        Flags: flags,
        Time: `${ms.toFixed(1)} ms`,
        Where: where,
    });
}

/** The epipolar lines of the motion found, or of the second one. */
function showMotion() {
    const { fundamental, secondMotion } = view.result;
    view.fundamental = secondShown ? secondMotion.fundamental : fundamental;
    at("second").setAttribute("aria-pressed", secondShown);
    point(view.pointed);
}

function facts(entries) {
    const rows = Object.entries(entries).flatMap(([name, value]) => {
        const [term, text] = [document.createElement("dt"), document.createElement("dd")];
        term.textContent = name;
        text.textContent = value;
        return [term, text];
    });
    at("found").replaceChildren(...rows);
}

function setPairs(found) {
    pairs = found;
    at("pair").replaceChildren(...found.map(({ id }, index) => new Option(id || `pair ${index + 1}`, index)));
    at("pair-label").hidden = found.length < 2;
    showPair();
}

function showPair() {
    view.setPair(pair(), photos);
    at("focal").value = Math.round(1.2 * Math.max(...view.sizes.flat()));
    view.draw();
    estimate();
}

async function take(files) {
    try {
        const { matches, photos: pictures } = sorted(files);
        const [found, ...read] = await Promise.all([matches ? pairsOf(matches) : null, ...pictures.map(photoOf)]);
        if (read.length) photos = read.length === 2 ? read : [read[0], photos[1]];
        else if (found) photos = [null, null]; // those of the pair before are of another scene
        if (found) setPairs(found);
        else showPair();
    } catch (error) {
        fail(error);
    }
}

async function takeShipped() {
    try {
        const shipped = await shippedPair();
        photos = shipped.photos;
        setPairs(shipped.pairs);
    } catch (error) {
        fail(error);
    }
}

function point(pointed) {
    view.pointed = pointed;
    view.draw();
    at("pointed").textContent = pointed ? described(pointed) : "";
}

function described({ side, x, y, index }) {
    const name = index === undefined ? "Point" : `Match ${index + 1}`;
    const text = `${name}: ${x.toFixed(1)}, ${y.toFixed(1)} in photograph ${side + 1}`;
    if (index === undefined || !view.fundamental) return `${text}.`;
    const [a, b, c] = epipolarLine(view.fundamental, side, x, y), [x2, y2] = view.match(index)[1 - side];
    const distance = Math.abs(a * x2 + b * y2 + c) / Math.hypot(a, b);
    return `${text}; the other point is ${distance.toFixed(2)} px from its line.`;
}

/** The next inlier, by its number. */
function step(by) {
    const inliers = view.result ? [...view.result.inliers.keys()].filter((k) => view.result.inliers[k]) : [];
    if (!inliers.length) return;
    const now = inliers.indexOf(view.pointed?.index);
    const index = inliers[now < 0 ? 0 : (now + by + inliers.length) % inliers.length];
    const [x, y] = view.match(index)[0];
    point({ side: 0, x, y, index });
}

async function bench() {
    at("bench").disabled = true;
    at("bench-text").textContent = "Measuring…";
    try {
        const used = await estimator();
        const { rate, count, ms } = await pairsPerSecond(used, problem());
        const where = used.backend === "gpu" ? used.deviceName || "WebGPU" : "CPU";
        at("bench-text").textContent = `${rate.toFixed(rate < 10 ? 1 : 0)} pairs/s on ${where} (${count} in ${ms.toFixed(0)} ms)`;
    } catch (error) {
        at("bench-text").textContent = error.message;
    }
    at("bench").disabled = false;
}

function listen() {
    at("threshold").addEventListener("input", () => {
        at("threshold-text").textContent = `${thresholdPx().toFixed(thresholdPx() < 1 ? 2 : 1)} px`;
        estimate();
    });
    at("model").addEventListener("change", () => {
        at("focal-label").hidden = at("model").value !== "essential";
        estimate();
    });
    for (const id of ["sampler", "backend", "focal"]) at(id).addEventListener("change", estimate);
    at("outliers").addEventListener("change", () => { view.showOutliers = at("outliers").checked; view.draw(); });
    at("pair").addEventListener("change", showPair);
    at("shipped").addEventListener("click", takeShipped);
    at("second").addEventListener("click", () => { secondShown = !secondShown; showMotion(); });
    at("bench").addEventListener("click", bench);
    at("controls").addEventListener("submit", (event) => event.preventDefault());
    at("matches-file").addEventListener("change", (event) => take(event.target.files));
    ["photo1-file", "photo2-file"].forEach((id, side) => at(id).addEventListener("change", async (event) => {
        try {
            photos[side] = event.target.files[0] ? await photoOf(event.target.files[0]) : null;
            showPair();
        } catch (error) {
            fail(error);
        }
    }));
    at("view").addEventListener("pointermove", (event) => view.result && point(view.under(event)));
    at("view").addEventListener("pointerleave", () => point(null));
    at("view").addEventListener("keydown", (event) => {
        const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (by) { event.preventDefault(); step(by); }
        if (event.key === "Escape") point(null);
    });
    addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
    addEventListener("drop", (event) => {
        event.preventDefault();
        document.body.classList.remove("dropping");
        take(event.dataTransfer.files);
    });
}

try {
    await init();
    listen();
    await takeShipped();
} catch (error) {
    fail(error);
}
