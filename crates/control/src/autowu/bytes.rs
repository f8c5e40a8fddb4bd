//! State as bytes: little-endian numbers one after another, so that every bit comes back, NaN and infinities included.

#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }

    pub(super) fn u64s(&mut self, values: &[u64]) {
        self.u64(values.len() as u64);
        values.iter().for_each(|value| self.u64(*value));
    }

    pub(super) fn f64s(&mut self, values: &[f64]) {
        self.u64(values.len() as u64);
        values.iter().for_each(|value| self.f64(*value));
    }
}

pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) fn u64(&mut self) -> Result<u64, String> {
        let (value, rest) = self.0.split_first_chunk().ok_or("it ends too early")?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*value))
    }

    pub(super) fn f64(&mut self) -> Result<f64, String> {
        self.u64().map(f64::from_bits)
    }

    pub(super) fn flag(&mut self) -> Result<bool, String> {
        match self.u64()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{other} is neither yes nor no")),
        }
    }

    pub(super) fn u64s(&mut self) -> Result<Vec<u64>, String> {
        let count = self.u64()?;
        // Checked before anything is reserved: a damaged length must not ask for all memory.
        if count > self.0.len() as u64 / 8 {
            return Err(format!("{count} numbers do not fit"));
        }
        (0..count).map(|_| self.u64()).collect()
    }

    pub(super) fn f64s(&mut self) -> Result<Vec<f64>, String> {
        Ok(self.u64s()?.into_iter().map(f64::from_bits).collect())
    }

    /// Nothing may be left over.
    pub(super) fn end(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("{} bytes too many", self.0.len())) }
    }
}
