//! Memory of results, handed from tensors that are gone to the next ones.
//!
//! A training step asks for the same sizes as the step before. Fresh memory costs the operating system a page fault for every
//! four kilobytes, which on activations takes longer than many a kernel.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Bytes;
use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty};
use bytemuck::{Pod, Zeroable};

/// As many bytes as a line of cache and a vector of AVX-512.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

// SAFETY: 64 bytes without padding, for which every value is valid.
unsafe impl Zeroable for Line {}
// SAFETY: as above.
unsafe impl Pod for Line {}

/// Below it the allocator is as good, in bytes.
const SMALLEST: usize = 1 << 16;

/// Buffers that wait, by their number of lines.
#[derive(Debug)]
struct Pool {
    waiting: BTreeMap<usize, Vec<Vec<Line>>>,
    /// Lines that wait, lines in use, and the most that ever were in use.
    idle: usize,
    used: usize,
    most: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { waiting: BTreeMap::new(), idle: 0, used: 0, most: 0 });

/// The pool holds no invariant that a panic elsewhere could break.
fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    fn take(&mut self, lines: usize) -> Option<Vec<Line>> {
        self.used += lines;
        self.most = self.most.max(self.used);
        let buffer = self.waiting.get_mut(&lines)?.pop()?;
        self.idle -= lines;
        Some(buffer)
    }

    /// Keeps at most twice what was in use at once, since not all sizes are in use at the same time. Beyond that the sizes have
    /// changed, and all that waits is let go.
    fn give(&mut self, buffer: Vec<Line>) -> BTreeMap<usize, Vec<Vec<Line>>> {
        let lines = buffer.len();
        self.used -= lines;
        self.idle += lines;
        self.waiting.entry(lines).or_default().push(buffer);
        if self.idle <= 2 * self.most {
            return BTreeMap::new();
        }
        self.idle = 0;
        std::mem::take(&mut self.waiting)
    }
}

/// Numbers for the function to write, as bytes of a tensor. What they hold before is zero or left over: the function overwrites
/// every one of them.
pub(crate) fn written<T: Pod + Send + Sync>(count: usize, write: impl FnOnce(&mut [T])) -> Bytes {
    let bytes = count * size_of::<T>();
    if bytes < SMALLEST {
        let mut numbers = vec![T::zeroed(); count];
        write(&mut numbers);
        return Bytes::from_elems(numbers);
    }
    let lines = bytes.div_ceil(size_of::<Line>());
    let old = pool().take(lines);
    let mut buffer = Recycled(old.unwrap_or_else(|| bytemuck::zeroed_vec(lines)));
    write(&mut bytemuck::cast_slice_mut(&mut buffer.0)[..count]);
    // SAFETY: the buffer holds at least so many bytes, and it was initialised when it was first allocated.
    unsafe { Bytes::from_controller(Box::new(buffer), bytes) }
}

/// A buffer that goes back to the pool.
struct Recycled(Vec<Line>);

impl Drop for Recycled {
    fn drop(&mut self) {
        // Freed after the lock is.
        let _surplus = pool().give(std::mem::take(&mut self.0));
    }
}

impl AllocationController for Recycled {
    /// Less than there is: a copy is made with the same, and Burn knows no greater.
    fn alloc_align(&self) -> usize {
        align_of::<u128>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(&mut self, _: AccessPolicy) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.0);
        // SAFETY: the same memory; the caller promises to write initialised bytes only.
        Ok(unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.0);
        // SAFETY: the same memory, initialised, and read only.
        Ok(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_and_is_used_again() {
        const COUNT: usize = 123_457;
        let first = written::<f32>(COUNT, |numbers| numbers.fill(1.0));
        let address = first.as_ptr();
        assert_eq!(first.len(), 4 * COUNT);
        drop(first);
        let second = written::<f32>(COUNT, |numbers| numbers[0] = 2.0);
        assert_eq!(second.as_ptr(), address);
        assert_eq!(bytemuck::cast_slice::<u8, f32>(&second)[..2], [2.0, 1.0]);
        assert_eq!(address.align_offset(64), 0);
        let mut copy = second.clone();
        copy[0] = 7;
        assert_eq!(bytemuck::cast_slice::<u8, f32>(&second)[0], 2.0, "a copy does not share");
    }

    #[test]
    fn no_more_waits_than_twice_what_was_ever_in_use() {
        let mut pool = Pool { waiting: BTreeMap::new(), idle: 0, used: 0, most: 0 };
        for lines in 1..100 {
            let buffer = pool.take(lines).unwrap_or_else(|| bytemuck::zeroed_vec(lines));
            assert_eq!(pool.used, lines);
            drop(pool.give(buffer));
            assert!(pool.idle <= 2 * pool.most, "{} of {}", pool.idle, pool.most);
        }
        assert_eq!(pool.used, 0);
    }
}
