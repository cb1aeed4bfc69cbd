// The match that a random word falls on, all matches alike.

fn pick(source: Source, word: u32) -> u32 {
    return multiply_high(word, source.count);
}
