use std::ops::Range;
use std::sync::Arc;

/// Where the matches of each pair stand in a packed batch: rows `offsets[p]..offsets[p + 1]` belong to pair p.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    offsets: Arc<[usize]>,
}

impl Segments {
    /// Segments of these lengths, one after another.
    pub fn of_lengths(lengths: impl IntoIterator<Item = usize>) -> Self {
        let ends = lengths.into_iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        Self { offsets: std::iter::once(0).chain(ends).collect() }
    }

    /// The first row of each pair, and after the last the number of rows.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows of all pairs.
    pub fn rows(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// The rows of each pair.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.offsets.windows(2).map(|ends| ends[0]..ends[1])
    }

    /// The values of each pair, of rows of `width` values.
    pub fn split<'a, T>(&self, values: &'a [T], width: usize) -> Vec<&'a [T]> {
        self.ranges().map(|rows| &values[rows.start * width..rows.end * width]).collect()
    }

    /// The values of each pair, to be written.
    pub fn split_mut<'a, T>(&self, mut values: &'a mut [T], width: usize) -> Vec<&'a mut [T]> {
        let mut take = |rows: Range<usize>| {
            let (head, tail) = std::mem::take(&mut values).split_at_mut(rows.len() * width);
            values = tail;
            head
        };
        self.ranges().map(&mut take).collect()
    }
}
