use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::WorkloadError;

/// A reader that fails instead of yielding more bytes than anything honest holds.
pub(super) struct Bounded<R> {
    inner: R,
    most: u64,
    left: u64,
}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R, most: u64) -> Self {
        Self { inner, most, left: most }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    format!("it unpacks to more than {} bytes", self.most),
                ));
            }
        }
        Ok(count)
    }
}

/// What a failed read of a packed file means: the file is damaged, unless the operating system says otherwise.
pub(super) fn damage(path: &Path, error: io::Error, expected: &str) -> WorkloadError {
    match error.kind() {
        ErrorKind::UnexpectedEof => WorkloadError::damaged(path, "it breaks off before its end", expected),
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
            WorkloadError::damaged(path, error.to_string(), expected)
        }
        _ => WorkloadError::io(path, "reading")(error),
    }
}
