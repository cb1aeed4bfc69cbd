// Every shader, in every variant, as a browser's own compiler takes it: files .wgsl of the folder NABLA_SHADERS, which
// `cargo run --release --example shader_texts -- FOLDER` writes.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { launch, serve, site } from "./browser.mjs";

test("Chromium compiles every shader on a device with WebGPU's default limits", async () => {
    const folder = process.env.NABLA_SHADERS;
    const shaders = readdirSync(folder).filter((name) => name.endsWith(".wgsl")).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]);
    assert.ok(shaders.length > 100, `${shaders.length} in ${folder}`);
    const server = await serve(site), browser = await launch({ webgpu: true });
    try {
        const page = await browser.newPage();
        await page.goto(server.url);
        const wrong = await page.evaluate(async (shaders) => {
            const device = await (await navigator.gpu.requestAdapter()).requestDevice();
            const messages = async ([name, code]) => {
                device.pushErrorScope("validation");
                const info = await device.createShaderModule({ code }).getCompilationInfo();
                await device.popErrorScope();
                const errors = info.messages.filter((message) => message.type === "error");
                return errors.map(({ lineNum, message }) => `${name}, line ${lineNum}: ${message}`);
            };
            return (await Promise.all(shaders.map(messages))).flat();
        }, shaders);
        assert.deepEqual(wrong, []);
    } finally {
        await browser.close();
        server.end();
    }
});
