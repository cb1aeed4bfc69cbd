// Candidates of a pair in the order of a score. Other parts declare WORKGROUP, a power of two, and of a candidate is_eligible(index) and
// rank_score(index), at least 0.

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

// What is ahead of all.
fn before_all() -> Entry {
    return Entry(3e38, 0u);
}

// The first by score, ties to the earlier one, of those behind the last one among so many; NONE where there is none.
fn best_behind(last: Entry, base: u32, count: u32, local: u32) -> Entry {
    var own = Entry(-1.0, NONE);
    for (var place = local; place < count; place += WORKGROUP) {
        if (is_eligible(base + place)) {
            let entry = Entry(rank_score(base + place), place);
            if (is_ahead(last, entry) && is_ahead(entry, own)) {
                own = entry;
            }
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
