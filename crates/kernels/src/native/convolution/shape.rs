//! Sizes of a convolution.

/// Rows and columns, or what belongs to either.
pub(crate) type Pair = [usize; 2];

/// Sizes of a two-dimensional convolution without dilation and groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) images: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Rows and columns of an image.
    pub(crate) image: Pair,
    pub(crate) kernel: Pair,
    pub(crate) stride: Pair,
    /// Zeros around the image, the same number on opposite sides.
    pub(crate) padding: Pair,
}

impl Shape {
    /// Rows and columns of the result; zero where the kernel is larger than the padded image.
    pub(crate) fn result(&self) -> Pair {
        std::array::from_fn(|axis| {
            let padded = self.image[axis] + 2 * self.padding[axis];
            padded.checked_sub(self.kernel[axis]).map_or(0, |room| room / self.stride[axis] + 1)
        })
    }

    /// Numbers of the result for one image.
    pub(crate) fn result_size(&self) -> usize {
        let [rows, columns] = self.result();
        rows * columns * self.outputs
    }

    /// Numbers of one image.
    pub(crate) fn image_size(&self) -> usize {
        self.image[0] * self.image[1] * self.inputs
    }

    /// Positions of the kernel, row by row.
    pub(crate) fn taps(&self) -> impl Iterator<Item = Pair> + use<> {
        let [rows, columns] = self.kernel;
        (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]))
    }
}
