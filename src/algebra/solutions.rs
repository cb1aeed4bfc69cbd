use std::ops::Deref;

/// Up to `N` solutions of a minimal problem, without allocation; dereferences to the slice of those found.
#[derive(Clone, Copy, Debug)]
pub struct Solutions<T, const N: usize> {
    items: [T; N],
    len: usize,
}

impl<T: Copy, const N: usize> Solutions<T, N> {
    /// No solutions; `fill` only occupies the unused places.
    pub const fn new(fill: T) -> Self {
        Self { items: [fill; N], len: 0 }
    }

    /// Adds one; beyond `N` it is dropped.
    pub const fn push(&mut self, item: T) {
        if self.len < N {
            self.items[self.len] = item;
            self.len += 1;
        }
    }
}

impl<T, const N: usize> Deref for Solutions<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items[..self.len]
    }
}
