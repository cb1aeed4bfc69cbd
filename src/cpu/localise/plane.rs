//! What the layers of a convolutional network work on.

/// Width, height and depth of a [`Plane`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaneSize {
    /// Pixels in a row.
    pub columns: usize,
    /// Rows of pixels.
    pub rows: usize,
    /// Numbers a pixel.
    pub channels: usize,
}

impl PlaneSize {
    /// Pixels in all.
    pub const fn pixels(&self) -> usize {
        self.columns * self.rows
    }

    /// Numbers in all.
    pub const fn len(&self) -> usize {
        self.pixels() * self.channels
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every so many pixels of it along both axes, the last ones that are fewer among them.
    pub const fn every(&self, stride: usize) -> Self {
        Self { columns: self.columns.div_ceil(stride), rows: self.rows.div_ceil(stride), channels: self.channels }
    }

    /// With another number of channels.
    pub const fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }
}

/// Numbers at pixels: rows × columns × channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plane {
    /// Its size.
    pub size: PlaneSize,
    /// As many values.
    pub values: Vec<f32>,
}

impl Plane {
    /// Of zeros.
    pub fn zeros(size: PlaneSize) -> Self {
        Self { size, values: vec![0.0; size.len()] }
    }

    /// The channels of a pixel.
    pub fn pixel(&self, column: usize, row: usize) -> &[f32] {
        &self.values[(row * self.size.columns + column) * self.size.channels..][..self.size.channels]
    }
}
