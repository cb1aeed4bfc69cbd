// How many pairs a second: the shown matches with other seeds, in batches that grow until they take half a second.
const LONG_MS = 500, MOST = 4096;

export async function pairsPerSecond(estimator, problem) {
    let count = 4;
    await batch(estimator, problem, count); // what is compiled and allocated once
    for (;;) {
        const ms = await batch(estimator, problem, count);
        if (ms >= LONG_MS || count >= MOST) return { count, ms, rate: count / ms * 1000 };
        count = Math.min(MOST, Math.ceil(count * Math.max(2, LONG_MS * 1.2 / ms)));
    }
}

async function batch(estimator, problem, count) {
    const problems = Array.from({ length: count }, (_, seed) => ({ ...problem, seed }));
    const start = performance.now();
    const found = await estimator.estimateBatch(problems);
    const ms = performance.now() - start;
    const wrong = found.find((result) => result instanceof Error);
    if (wrong) throw wrong;
    return ms;
}
