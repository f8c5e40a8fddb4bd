//! State as bytes: little-endian numbers one after another, so that every bit comes back, NaN and infinities included.

use crate::{ControlError, Hyperparameter};

#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    pub(crate) fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }

    pub(crate) fn u64s(&mut self, values: &[u64]) {
        self.u64(values.len() as u64);
        values.iter().for_each(|value| self.u64(*value));
    }

    pub(crate) fn f64s(&mut self, values: &[f64]) {
        self.u64(values.len() as u64);
        values.iter().for_each(|value| self.f64(*value));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        self.0.extend(bytes);
    }

    pub(crate) fn optional_f64(&mut self, value: Option<f64>) {
        self.u64(value.is_some().into());
        value.iter().for_each(|value| self.f64(*value));
    }

    pub(crate) fn optional_u64(&mut self, value: Option<u64>) {
        self.u64(value.is_some().into());
        value.iter().for_each(|value| self.u64(*value));
    }
}

/// Reads the whole state of a controller; nothing may be left over.
pub(crate) fn read_state<T>(
    controller: &'static str,
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, String>,
) -> Result<T, ControlError> {
    let mut reader = Reader(bytes);
    let state = read(&mut reader).and_then(|state| reader.end().map(|()| state));
    state.map_err(|why| ControlError::BadState { controller, why })
}

pub(crate) struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// The first number of a state, which says whose it is and in which version.
    pub(crate) fn magic(&mut self, expected: u64) -> Result<(), String> {
        if self.u64()? == expected { Ok(()) } else { Err("it is of another controller or version".to_owned()) }
    }

    pub(crate) fn u64(&mut self) -> Result<u64, String> {
        let (value, rest) = self.0.split_first_chunk().ok_or("it ends too early")?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*value))
    }

    pub(crate) fn f64(&mut self) -> Result<f64, String> {
        self.u64().map(f64::from_bits)
    }

    /// A value that this hyperparameter may take.
    pub(crate) fn hyperparameter(&mut self, which: Hyperparameter) -> Result<f64, String> {
        let value = self.f64()?;
        which.check(value).map_err(|error| error.to_string())?;
        Ok(value)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, String> {
        match self.u64()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{other} is neither yes nor no")),
        }
    }

    pub(crate) fn u64s(&mut self) -> Result<Vec<u64>, String> {
        let count = self.u64()?;
        // Checked before anything is reserved: a damaged length must not ask for all memory.
        if count > self.0.len() as u64 / 8 {
            return Err(format!("{count} numbers do not fit"));
        }
        (0..count).map(|_| self.u64()).collect()
    }

    pub(crate) fn f64s(&mut self) -> Result<Vec<f64>, String> {
        Ok(self.u64s()?.into_iter().map(f64::from_bits).collect())
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, String> {
        let count = self.u64()?;
        let cut = usize::try_from(count).ok().and_then(|count| self.0.split_at_checked(count));
        let (bytes, rest) = cut.ok_or_else(|| format!("{count} bytes do not fit"))?;
        self.0 = rest;
        Ok(bytes.to_vec())
    }

    pub(crate) fn optional_f64(&mut self) -> Result<Option<f64>, String> {
        self.flag()?.then(|| self.f64()).transpose()
    }

    pub(crate) fn optional_u64(&mut self) -> Result<Option<u64>, String> {
        self.flag()?.then(|| self.u64()).transpose()
    }

    /// Nothing may be left over.
    fn end(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("{} bytes too many", self.0.len())) }
    }
}
