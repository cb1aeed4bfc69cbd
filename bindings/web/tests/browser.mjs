// The built demo in a headless Chromium, with WebGPU (in software) or without.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

export const root = path.resolve(import.meta.dirname, "../../..");
export const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
export const site = path.join(target, "web/demo");

const QUIET = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const WITH_WEBGPU = ["--enable-unsafe-webgpu", "--enable-unsafe-swiftshader", "--use-webgpu-adapter=swiftshader"];
const WITHOUT_WEBGPU = ["--disable-features=WebGPU", "--disable-gpu"];

/** Serves a folder; gives its address and what ends it. */
export async function serve(folder) {
    const server = spawn("python3", ["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, "0"], { stdio: ["ignore", "pipe", "ignore"] });
    const port = await new Promise((resolve, reject) => {
        server.on("exit", () => reject(new Error("the server ended")));
        server.stdout.on("data", (text) => /port (\d+)/.test(text) && resolve(/port (\d+)/.exec(text)[1]));
    });
    return { url: `http://127.0.0.1:${port}/`, end: () => server.kill() };
}

export async function launch({ webgpu }) {
    const found = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"].find(existsSync);
    if (!found) throw new Error("expected a Chromium at /usr/bin/chromium");
    return chromium.launch({ executablePath: found, args: [...QUIET, ...(webgpu ? WITH_WEBGPU : WITHOUT_WEBGPU)] });
}

/** A page of the demo in which the package is there as `nabla`. */
export async function open(browser, url, viewport = { width: 1280, height: 800 }) {
    const page = await browser.newPage({ viewport });
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    await page.goto(url);
    await page.evaluate(async () => {
        globalThis.nabla = await import("./pkg/nabla_ransac.js");
        await nabla.default();
        globalThis.leuven = async () => {
            const bytes = new Uint8Array(await (await fetch("data/leuven.npz")).arrayBuffer());
            const [{ id, truth, ...known }] = nabla.readMatches(bytes, "leuven.npz", "fundamental");
            return known;
        };
        /** What a call gives, or the name and the message of what it throws. */
        globalThis.answer = async (call) => {
            try {
                return { value: await call() };
            } catch (error) {
                return { name: error.name, message: error.message };
            }
        };
    });
    return { page, wrong };
}
