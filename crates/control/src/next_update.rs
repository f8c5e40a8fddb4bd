use crate::{ControlError, Observation};

/// The number of the next update: all that a curve needs to remember.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NextUpdate(pub(crate) u64);

impl NextUpdate {
    /// A refused update comes once more, at the same place of the curve.
    pub(crate) fn see(&mut self, seen: &Observation) {
        if let Observation::Step { step, loss } = seen {
            self.0 = step.saturating_add(loss.is_finite().into());
        }
    }

    pub(crate) fn save(self) -> Vec<u8> {
        self.0.to_le_bytes().to_vec()
    }

    pub(crate) fn load(bytes: &[u8], controller: &'static str) -> Result<Self, ControlError> {
        let bytes = bytes
            .try_into()
            .map_err(|_| ControlError::BadState { controller, why: format!("{} bytes instead of 8", bytes.len()) })?;
        Ok(Self(u64::from_le_bytes(bytes)))
    }
}
