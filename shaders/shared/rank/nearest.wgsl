// The nearest so far of one row, nearest first. Rows must be offered in ascending order: of equally near ones the first stays.

struct Nearest {
    distances: array<f32, MAX_NEIGHBOURS>,
    rows: array<u32, MAX_NEIGHBOURS>,
}

const UNBOUNDED: f32 = 3.4e38;

fn insert_nearest(nearest: ptr<function, Nearest>, k: u32, distance: f32, row: u32) {
    if (!(distance < (*nearest).distances[k - 1u])) {
        return;
    }
    var at = k - 1u;
    while (at > 0u && distance < (*nearest).distances[at - 1u]) {
        (*nearest).distances[at] = (*nearest).distances[at - 1u];
        (*nearest).rows[at] = (*nearest).rows[at - 1u];
        at--;
    }
    (*nearest).distances[at] = distance;
    (*nearest).rows[at] = row;
}

fn clear_nearest(nearest: ptr<function, Nearest>, k: u32, own: u32) {
    for (var i = 0u; i < k; i++) {
        (*nearest).distances[i] = UNBOUNDED;
        (*nearest).rows[i] = own;
    }
}
