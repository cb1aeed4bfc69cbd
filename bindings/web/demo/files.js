// What the page works on: the pair that ships, or the files that a person gives it.
import { readMatches } from "./pkg/nabla_ransac.js";

const SHIPPED = { matches: "leuven.npz", photos: ["leuvenA.jpg", "leuvenB.jpg"] };

export async function shippedPair() {
    const [matches, ...photos] = await Promise.all([SHIPPED.matches, ...SHIPPED.photos].map(fetched));
    const pairs = readMatches(new Uint8Array(await matches.arrayBuffer()), SHIPPED.matches, "fundamental");
    return { pairs, photos: await Promise.all(photos.map((blob) => createImageBitmap(blob))) };
}

async function fetched(name) {
    const response = await fetch(`data/${name}`);
    if (!response.ok) throw new Error(`${name}: expected the file beside this page, but the answer is ${response.status}`);
    return response.blob();
}

/** The pairs of a file of matches of two views; throws what is wrong with it. */
export async function pairsOf(file) {
    const pairs = readMatches(new Uint8Array(await file.arrayBuffer()), file.name, "fundamental");
    if (pairs.length === 0) throw new Error(`${file.name}: expected at least one pair, but it has none`);
    if (pairs.some((pair) => pair.points1.length !== pair.points2.length)) {
        throw new Error(`${file.name}: expected matches of two images, but these are of an image and the world`);
    }
    return pairs;
}

export async function photoOf(file) {
    try {
        return await createImageBitmap(file);
    } catch {
        throw new Error(`${file.name}: expected a photograph that this browser can read, but it cannot`);
    }
}

/** Sorts dropped files into matches and photographs; throws for one that is neither. */
export function sorted(files) {
    const all = [...files];
    const isMatches = (file) => /\.(npz|csv|txt|safetensors)$/i.test(file.name);
    const other = all.find((file) => !isMatches(file) && !file.type.startsWith("image/"));
    if (other) throw new Error(`${other.name}: expected matches (.npz, .csv, .safetensors) or a photograph, but it is neither`);
    return { matches: all.find(isMatches), photos: all.filter((file) => !isMatches(file)).slice(0, 2) };
}
