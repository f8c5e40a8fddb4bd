//! Splitting work over the threads of the current rayon pool.
//!
//! Chunks depend on the sizes alone and not on who is idle, so that sums are taken in the same order every time.

use rayon::prelude::*;

/// Numbers that are worth a task of their own.
const GRAIN: usize = 1 << 14;

/// Rows of `width` numbers in one chunk: enough to be worth a task, and several chunks for every thread where there are enough.
pub(crate) fn rows_per_chunk(rows: usize, width: usize) -> usize {
    let worthwhile = GRAIN.div_ceil(width.max(1));
    let even = rows.div_ceil(4 * rayon::current_num_threads());
    worthwhile.max(even).max(1)
}

/// Calls the function with the number of each chunk and the chunk, on several threads where there are several chunks.
pub(crate) fn chunks<T: Send>(numbers: &mut [T], length: usize, function: impl Fn(usize, &mut [T]) + Sync) {
    if numbers.len() <= length {
        if !numbers.is_empty() {
            function(0, numbers);
        }
        return;
    }
    numbers.par_chunks_mut(length).enumerate().for_each(|(index, chunk)| function(index, chunk));
}

/// The results of the function for `0..count`, in order.
pub(crate) fn map<R: Send>(count: usize, function: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    if count == 1 {
        return vec![function(0)];
    }
    (0..count).into_par_iter().map(function).collect()
}
