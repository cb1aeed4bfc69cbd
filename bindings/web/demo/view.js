// The two photographs with their matches: side by side, or one below the other where that makes them larger.
const INLIER = "#4da3ff", OUTLIER = "#ff9f43", POINTED = "#ffe14d";
const GAP = 6;

export class View {
    constructor(canvas) {
        this.canvas = canvas;
        this.context = canvas.getContext("2d");
        this.photos = [null, null];
        this.points = [[], []];
        this.result = null;
        this.fundamental = null;
        this.showOutliers = false;
        this.pointed = null; // { side, x, y } in pixels of a photograph
        new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
    }

    /** Matches are numbers x y one after the other; sizes are those of the photographs, or what the points reach. */
    setPair(pair, photos) {
        this.points = [pair.points1, pair.points2];
        this.photos = photos;
        this.sizes = photos.map((photo, side) => photo ? [photo.width, photo.height] : extent(this.points[side]));
        this.result = this.pointed = null;
    }

    /** How the photographs lie on the canvas, in its pixels. */
    layout() {
        const width = this.canvas.parentElement.clientWidth * devicePixelRatio;
        const [[w1, h1], [w2, h2]] = this.sizes;
        const beside = width - GAP, scale = beside / (w1 * (h2 / h1) + w2); // of photograph 2, both as high
        const sideBySide = { scales: [scale * h2 / h1, scale], at: [[0, 0], [width - w2 * scale, 0]], height: h2 * scale };
        if (width > 640 * devicePixelRatio || sideBySide.height > 0.5 * innerHeight * devicePixelRatio) return { width, ...sideBySide };
        const scales = [width / w1, width / w2];
        return { width, scales, at: [[0, 0], [0, h1 * scales[0] + GAP]], height: h1 * scales[0] + h2 * scales[1] + GAP };
    }

    draw() {
        if (!this.sizes) return;
        const { canvas, context } = this;
        this.place = this.layout();
        canvas.width = Math.round(this.place.width);
        canvas.height = Math.round(this.place.height);
        canvas.style.aspectRatio = `${canvas.width} / ${canvas.height}`;
        context.clearRect(0, 0, canvas.width, canvas.height);
        this.photos.forEach((photo, side) => {
            const [x, y] = this.place.at[side], [w, h] = this.sizes[side].map((size) => size * this.place.scales[side]);
            if (photo) context.drawImage(photo, x, y, w, h);
            else { context.fillStyle = "#333"; context.fillRect(x, y, w, h); }
        });
        if (this.result) this.drawMatches();
        if (this.pointed) this.drawPointed();
    }

    /** Where a pixel of a photograph is on the canvas; pixels have their centres at whole numbers. */
    onCanvas(side, x, y) {
        const { at, scales } = this.place;
        return [at[side][0] + (x + 0.5) * scales[side], at[side][1] + (y + 0.5) * scales[side]];
    }

    match(index) {
        return [0, 1].map((side) => [this.points[side][2 * index], this.points[side][2 * index + 1]]);
    }

    drawMatches() {
        const { inliers } = this.result;
        const faint = this.pointed ? 0.15 : 0.55;
        if (this.showOutliers) this.lines(inliers, 0, OUTLIER, faint * 0.6);
        this.lines(inliers, 1, INLIER, faint);
    }

    lines(inliers, wanted, colour, alpha) {
        const { context } = this;
        context.save();
        context.strokeStyle = context.fillStyle = colour;
        context.lineWidth = devicePixelRatio;
        inliers.forEach((inlier, index) => {
            if (inlier !== wanted) return;
            const [from, to] = this.match(index).map(([x, y], side) => this.onCanvas(side, x, y));
            context.globalAlpha = alpha;
            context.beginPath();
            context.moveTo(...from);
            context.lineTo(...to);
            context.stroke();
            context.globalAlpha = Math.min(1, alpha * 1.6);
            for (const end of [from, to]) this.dot(end, 1.6);
        });
        context.restore();
    }

    dot([x, y], radius) {
        this.context.beginPath();
        this.context.arc(x, y, radius * devicePixelRatio, 0, 2 * Math.PI);
        this.context.fill();
    }

    /** The point, and in the other photograph what it says about where it is there. */
    drawPointed() {
        const { context, pointed: { side, x, y, index } } = this;
        context.save();
        context.strokeStyle = context.fillStyle = POINTED;
        context.lineWidth = 2 * devicePixelRatio;
        this.dot(this.onCanvas(side, x, y), 5);
        if (index !== undefined) this.dot(this.onCanvas(1 - side, ...this.match(index)[1 - side]), 5);
        if (this.fundamental) this.drawLine(1 - side, epipolarLine(this.fundamental, side, x, y));
        context.restore();
    }

    /** a x + b y + c = 0, as far as it crosses the photograph. */
    drawLine(side, [a, b, c]) {
        const { context } = this, [w, h] = this.sizes[side];
        const [x, y] = this.place.at[side], scale = this.place.scales[side];
        const ends = Math.abs(b) > Math.abs(a)
            ? [[0, -c / b], [w, -(c + a * w) / b]]
            : [[-c / a, 0], [-(c + b * h) / a, h]];
        if (!ends.flat().every(Number.isFinite)) return;
        context.beginPath();
        context.rect(x, y, w * scale, h * scale);
        context.clip();
        context.beginPath();
        context.moveTo(...this.onCanvas(side, ...ends[0]));
        context.lineTo(...this.onCanvas(side, ...ends[1]));
        context.stroke();
    }

    /** The pixel of a photograph under a pointer, or none. */
    under(event) {
        const box = this.canvas.getBoundingClientRect();
        const x = (event.clientX - box.left) / box.width * this.canvas.width;
        const y = (event.clientY - box.top) / box.height * this.canvas.height;
        for (const side of [0, 1]) {
            const [left, top] = this.place.at[side], scale = this.place.scales[side];
            const [px, py] = [(x - left) / scale - 0.5, (y - top) / scale - 0.5];
            const [w, h] = this.sizes[side];
            if (px >= -0.5 && py >= -0.5 && px < w && py < h) return { side, x: px, y: py };
        }
        return null;
    }
}

/** The line of a point in the other image: F x1, or Fᵀ x2. */
export function epipolarLine(f, side, x, y) {
    return side === 0
        ? [0, 3, 6].map((row) => f[row] * x + f[row + 1] * y + f[row + 2])
        : [0, 1, 2].map((column) => f[column] * x + f[column + 3] * y + f[column + 6]);
}

function extent(points) {
    const most = (offset) => points.reduce((most, value, k) => k % 2 === offset && value > most ? value : most, 1);
    return [Math.ceil(most(0)) + 1, Math.ceil(most(1)) + 1];
}
