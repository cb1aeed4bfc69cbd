//! Changes of files, for readers that must bear any.

#![allow(dead_code, reason = "each test file uses some of it")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const CASES: u32 = 3000;

/// As many cases as the variable `NABLA_FUZZ_CASES` says.
pub(crate) fn config() -> ProptestConfig {
    let cases = std::env::var("NABLA_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// One change of a file.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Truncate(Index),
    /// Puts a number of text in the place of a digit: a size, an offset.
    Digits(Index, String),
}

pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        change(),
        (any::<Index>(), "[0-9]{1,20}|-1|NaN|1e400|\\[|\\(|'|\"").prop_map(|(at, text)| Mutation::Digits(at, text)),
    ]
}

/// A change of a file that is no text.
pub(crate) fn change() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (any::<Index>(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
        any::<Index>().prop_map(Mutation::Truncate),
    ]
}

pub(crate) fn mutate(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        let length = bytes.len() + 1;
        match mutation {
            Mutation::Set(at, byte) => {
                bytes.splice(at.index(length)..(at.index(length) + 1).min(length - 1), [*byte]).for_each(drop)
            }
            Mutation::Insert(at, more) => bytes.splice(at.index(length)..at.index(length), more.clone()).for_each(drop),
            Mutation::Remove(at, count) => {
                drop(bytes.drain(at.index(length)..(at.index(length) + count).min(length - 1)))
            }
            Mutation::Truncate(at) => bytes.truncate(at.index(length)),
            Mutation::Digits(at, text) => {
                let digits: Vec<usize> = (0..bytes.len()).filter(|&place| bytes[place].is_ascii_digit()).collect();
                if !digits.is_empty() {
                    let place = digits[at.index(digits.len())];
                    bytes.splice(place..=place, text.bytes()).for_each(drop);
                }
            }
        }
    }
    bytes
}
