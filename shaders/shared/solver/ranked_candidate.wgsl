// The candidate of the search that has a rank by its score among those of its pair. Reads settings and candidates; another part
// declares WORKGROUP, a power of two.

const NONE: u32 = 0xffffffffu;

// A candidate by its place among those of its pair.
struct Entry {
    score: f32,
    place: u32,
}

var<workgroup> contest: array<Entry, WORKGROUP>;

fn is_ahead(a: Entry, b: Entry) -> bool {
    return a.score > b.score || (a.score == b.score && a.place < b.place);
}

// The first by score and place of those behind the last one.
fn best_behind(last: Entry, base: u32, local: u32) -> Entry {
    var own = Entry(-1.0, NONE);
    for (var place = local; place < settings.rounds * settings.candidates; place += WORKGROUP) {
        let entry = Entry(candidates[base + place].score, place);
        if (candidates[base + place].found != 0u && is_ahead(last, entry) && is_ahead(entry, own)) {
            own = entry;
        }
    }
    contest[local] = own;
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local < step && is_ahead(contest[local + step], contest[local])) {
            contest[local] = contest[local + step];
        }
    }
    return workgroupUniformLoad(&contest[0]);
}

// The place of the candidate of this rank by score, ties to the earlier one; NONE where there are fewer.
fn ranked_candidate(base: u32, rank: u32, local: u32) -> u32 {
    var last = Entry(3e38, 0u);
    for (var k = 0u; k <= rank; k++) {
        last = best_behind(last, base, local);
    }
    return last.place;
}
