//! `matches.h5`: for each key point of one image its match in the other, in a group by both names.

use super::archive::{Archive, Array, Message};

/// Key points up to which no index of them wraps to another, or to none, when it is stored in 16 bits.
const MAX_INT16_POINTS: usize = (1 << 16) - 1;

/// Indices of key points in image 1 and 2, a match each, in the order of the file.
///
/// `counts` are the numbers of key points. The pair is looked up in both orders, and by the names that older files have.
pub(super) fn between(archive: &Archive, names: &[String; 2], counts: [usize; 2]) -> Message<Vec<[u32; 2]>> {
    let [first, second] = names.each_ref().map(|name| name.replace('/', "-"));
    let places = ["/", "_"].map(|between| {
        [(format!("{first}{between}{second}/matches0"), false), (format!("{second}{between}{first}/matches0"), true)]
    });
    for (place, reversed) in places.as_flattened() {
        if let Some(array) = archive.array(place)? {
            let [from, to] = if *reversed { [counts[1], counts[0]] } else { counts };
            let matches = indices(&array, from, to).map_err(|message| format!("{place}: {message}"))?;
            let swapped = |[i, j]: [u32; 2]| if *reversed { [j, i] } else { [i, j] };
            return Ok(matches.into_iter().map(swapped).collect());
        }
    }
    Err(format!("expected {first}/{second}/matches0, but there is none"))
}

fn indices(array: &Array, from: usize, to: usize) -> Message<Vec<[u32; 2]>> {
    let Some(bytes) = array.integer_bytes else { return Err("expected whole numbers, but they are floats".to_owned()) };
    if array.shape.len() != 1 || array.values.len() != from {
        return Err(format!("expected {from} indices, one a key point, but its shape is {:?}", array.shape));
    }
    let wraps = "16 bits, as hloc stores them, end at 32,767; match with at most so many key points an image";
    if bytes == 2 && to > MAX_INT16_POINTS {
        return Err(format!(
            "expected indices of {to} key points in 32 bits, but they have 16, so that some are others: {wraps}"
        ));
    }
    let mut matches = Vec::new();
    for (i, &value) in array.values.iter().enumerate() {
        if value == -1.0 {
            continue;
        }
        if !(0.0..to as f64).contains(&value) {
            let hint = if bytes == 2 && value < 0.0 { format!(": {wraps}") } else { String::new() };
            return Err(format!(
                "expected -1 or the index of one of {to} key points for key point {i}, but it is {value}{hint}"
            ));
        }
        matches.push([i as u32, value as u32]);
    }
    Ok(matches)
}
