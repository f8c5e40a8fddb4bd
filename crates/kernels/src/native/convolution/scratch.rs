//! A copy of an image in the order in which the convolutions read it.

use super::shape::Pair;
use crate::native::real::Real;

/// Channels side by side in the scratch copy: the distance between neighbouring pixels, known when the kernel is compiled.
pub(super) const BLOCK: usize = 16;

/// Images `[image, channel, row, column]` as they lie in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Images<'a, T> {
    pub(crate) numbers: &'a [T],
    /// Distances between neighbours along the four axes.
    pub(crate) strides: [usize; 4],
}

/// Order of the scratch copy: one plane for every residue of row and column modulo the stride, so that a step of the
/// convolution is a step of one pixel; in a plane the blocks of channels, the rows, the columns, and the channels of a block.
/// Around the image there are zeros, and behind the last channel of the last block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    channels: usize,
    image: Pair,
    stride: Pair,
    before: Pair,
    /// Rows and columns of a plane.
    plane: Pair,
}

impl Layout {
    /// Room for an image with `before` zeros before and `after` zeros behind its rows and columns.
    pub(super) fn new(channels: usize, image: Pair, stride: Pair, before: Pair, after: Pair) -> Self {
        let plane = std::array::from_fn(|axis| (before[axis] + image[axis] + after[axis]).div_ceil(stride[axis]));
        Self { channels, image, stride, before, plane }
    }

    /// Blocks of channels.
    pub(super) fn blocks(&self) -> usize {
        self.channels.div_ceil(BLOCK)
    }

    /// Numbers between a row and the next.
    pub(super) fn row(&self) -> usize {
        self.plane[1] * BLOCK
    }

    /// Numbers between a block of channels and the next.
    pub(super) fn block(&self) -> usize {
        self.plane[0] * self.row()
    }

    /// Numbers of a whole image.
    pub(super) fn size(&self) -> usize {
        self.stride[0] * self.stride[1] * self.blocks() * self.block()
    }

    /// Where the padded pixel is.
    pub(super) fn pixel(&self, at: Pair) -> usize {
        let plane = (at[0] % self.stride[0]) * self.stride[1] + at[1] % self.stride[1];
        plane * self.blocks() * self.block() + at[0] / self.stride[0] * self.row() + at[1] / self.stride[1] * BLOCK
    }

    /// Copies an image; what is zero stays as it is.
    pub(super) fn fill<T: Real>(&self, scratch: &mut [T], images: &Images<'_, T>, image: usize) {
        let [of_image, of_channel, of_row, of_column] = images.strides;
        let step = self.stride[1] * of_column;
        for row in 0..self.image[0] {
            for residue in 0..self.stride[1].min(self.image[1]) {
                // Columns of one plane lie side by side.
                let columns = (self.image[1] - residue).div_ceil(self.stride[1]);
                let to = self.pixel([row + self.before[0], residue + self.before[1]]);
                let from = image * of_image + row * of_row + residue * of_column;
                if of_channel == 1 {
                    for column in 0..columns {
                        let channels = &images.numbers[from + column * step..][..self.channels];
                        self.copy_together(&mut scratch[to + column * BLOCK..], channels);
                    }
                } else {
                    // Row by row of each channel, as such images lie in memory.
                    for channel in 0..self.channels {
                        let numbers = images.numbers[from + channel * of_channel..].iter().step_by(step);
                        let places =
                            scratch[to + channel / BLOCK * self.block() + channel % BLOCK..].iter_mut().step_by(BLOCK);
                        places.zip(numbers).take(columns).for_each(|(place, &number)| *place = number);
                    }
                }
            }
        }
    }

    fn copy_together<T: Real>(&self, to: &mut [T], channels: &[T]) {
        let (blocks, rest) = channels.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            to[index * self.block()..][..BLOCK].copy_from_slice(block);
        }
        if !rest.is_empty() {
            to[blocks.len() * self.block()..][..rest.len()].copy_from_slice(rest);
        }
    }
}
