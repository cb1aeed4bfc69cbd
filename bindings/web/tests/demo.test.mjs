// The demo page as a person uses it; its pictures go to target/web/shots.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { launch, open, root, serve, site, target } from "./browser.mjs";

const shots = path.join(target, "web/shots");
let server, browser;

before(async () => {
    mkdirSync(shots, { recursive: true });
    server = await serve(site);
    browser = await launch({ webgpu: true });
});
after(async () => {
    await browser?.close();
    server?.end();
});

const inliers = async (page) => Number(/(\d+) of 1326/.exec(await page.textContent("#status"))?.[1]);
const settled = (page) => page.waitForFunction(() => /inliers/.test(document.querySelector("#status").textContent));

/** What an action makes of the number of inliers. */
async function inliersAfter(page, action) {
    await page.evaluate(() => { document.querySelector("#status").textContent = ""; });
    await action();
    await settled(page);
    return inliers(page);
}

test("a person estimates, moves the threshold, points, and measures", async () => {
    const { page, wrong } = await open(browser, server.url);
    await settled(page);
    const first = await inliers(page);
    assert.ok(first > 300, `${first}`);
    await page.screenshot({ path: path.join(shots, "fundamental.png") });

    const slide = (value) => inliersAfter(page, () => page.locator("#threshold").fill(String(value)));
    const few = await slide(-0.6), many = await slide(0.6);
    assert.ok(few < first && first < many, `${few}, ${first}, ${many}`);
    await slide(0);

    await page.selectOption("#backend", "cpu");
    await page.waitForFunction(() => /CPU/.test(document.querySelector("#found").textContent));
    const essential = await inliersAfter(page, () => page.selectOption("#model", "essential"));
    assert.ok(essential > 250, `${essential}`);
    await page.selectOption("#model", "fundamental");

    const box = await page.locator("#view").boundingBox();
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.6);
    assert.match(await page.textContent("#pointed"), /^Point: .* in photograph 1/);
    await page.screenshot({ path: path.join(shots, "epipolar-line.png") });
    await page.focus("#view");
    await page.keyboard.press("ArrowRight");
    assert.match(await page.textContent("#pointed"), /^Match \d+: .* px from its line/);
    await page.keyboard.press("Escape");
    assert.equal(await page.textContent("#pointed"), "");

    await page.click("#bench");
    await page.waitForFunction(() => /pairs\/s on CPU/.test(document.querySelector("#bench-text").textContent), null, { timeout: 60_000 });
    assert.deepEqual(wrong, []);
    await page.close();
});

test("files that a person drops are read, or refused with a reason", async () => {
    const { page } = await open(browser, server.url);
    await settled(page);
    await page.setInputFiles("#matches-file", { name: "plan.npz", mimeType: "", buffer: Buffer.from("no archive") });
    await page.waitForSelector("#status.wrong");
    const message = await page.textContent("#status");
    assert.match(message, /expected/, message);

    const rows = Array.from({ length: 40 }, (_, k) => {
        const [x, y] = [(k * 37) % 300, (k * 53) % 200];
        return [x, y, 1.1 * x + 5, 1.1 * y + 7].join();
    });
    const csv = ["x1,y1,x2,y2", ...rows].join("\n");
    await page.selectOption("#model", "homography");
    await page.setInputFiles("#matches-file", { name: "plan.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
    await page.waitForFunction(() => /40 of 40/.test(document.querySelector("#status").textContent));

    const drop = (name, type) => page.evaluate(([name, type]) => {
        const data = new DataTransfer();
        data.items.add(new File(["?"], name, { type }));
        dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
    }, [name, type]);
    await drop("notes.pdf", "application/pdf");
    await page.waitForFunction(() => /notes\.pdf: expected matches/.test(document.querySelector("#status").textContent));
    await drop("broken.jpg", "image/jpeg");
    await page.waitForFunction(() => /broken\.jpg: expected a photograph/.test(document.querySelector("#status").textContent));

    await page.click("#shipped");
    await page.waitForFunction(() => /of 1326/.test(document.querySelector("#status").textContent));
    await page.setInputFiles("#photo1-file", path.join(root, "examples/data/leuvenB.jpg"));
    await settled(page);
    await page.close();
});

test("it fits a phone, and everything has a name", async () => {
    const { page } = await open(browser, server.url, { width: 375, height: 720 });
    await settled(page);
    const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= width, `${wide} px on ${width}`);
    const nameless = await page.evaluate(() => [...document.querySelectorAll("input, select, button, canvas")].filter((element) =>
        !(element.labels?.length || element.textContent.trim() || element.ariaLabel || element.getAttribute("aria-label"))).map((element) => element.id));
    assert.deepEqual(nameless, []);
    await page.screenshot({ path: path.join(shots, "phone.png"), fullPage: true });
    await page.close();
});

test("without WebGPU it says that the CPU works", async () => {
    const plain = await launch({ webgpu: false });
    try {
        const { page, wrong } = await open(plain, server.url);
        await settled(page);
        assert.match(await page.textContent("#found"), /CPU/);
        await page.selectOption("#backend", "gpu");
        await page.waitForSelector("#status.wrong");
        assert.match(await page.textContent("#status"), /no GPU adapter found/);
        assert.deepEqual(wrong, []);
    } finally {
        await plain.close();
    }
});
