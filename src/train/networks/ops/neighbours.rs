use super::Segments;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// The k neighbours of each match of a packed batch, and the matches that it is a neighbour of.
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// For n matches: n · k rows of neighbours; n + 1 places in the list that follows, where that of each match begins; n · k
    /// places among the first, of the matches that have it as a neighbour.
    pub(crate) links: Tensor<1, Int>,
}

impl Neighbours {
    /// Of n · k places of neighbours among the matches of their pair.
    pub fn new(places: &[u32], segments: &Segments, device: &Device) -> Self {
        let count = places.len() / segments.rows().max(1);
        let of_pair = segments.split(places, count);
        let rows = of_pair.into_iter().zip(segments.ranges());
        let mut links: Vec<i32> =
            rows.flat_map(|(places, rows)| places.iter().map(move |&j| rows.start as i32 + j as i32)).collect();
        let (firsts, incoming) = incoming(&links, segments.rows());
        links.extend(firsts);
        links.extend(incoming);
        let length = links.len();
        Self { links: Tensor::from_data(TensorData::new(links, [length]), device) }
    }
}

/// k, of so many links.
pub(crate) fn links_a_row(links: usize, segments: &Segments) -> usize {
    let rows = segments.rows();
    links.saturating_sub(rows + 1) / (2 * rows).max(1)
}

/// Where the list of each row begins, and the places in `neighbours` that name it, in their order.
fn incoming(neighbours: &[i32], rows: usize) -> (Vec<i32>, Vec<i32>) {
    let mut firsts = vec![0; rows + 1];
    for &row in neighbours {
        firsts[row as usize + 1] += 1;
    }
    for row in 0..rows {
        firsts[row + 1] += firsts[row];
    }
    let (mut next, mut places) = (firsts.clone(), vec![0; neighbours.len()]);
    for (place, &row) in (0..).zip(neighbours) {
        places[next[row as usize] as usize] = place;
        next[row as usize] += 1;
    }
    (firsts, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_knows_who_names_it() {
        let (firsts, places) = incoming(&[1, 2, 2, 0, 2, 1], 3);
        assert_eq!(firsts, [0, 1, 3, 6]);
        assert_eq!(places, [3, 0, 5, 1, 2, 4]);
    }
}
