use crate::bytes::{Reader, Writer};
use crate::{Ask, Reason, Verdict};

/// Searches in a row without a step after which a run ends.
pub const MOST_EXHAUSTED: u64 = 20;

/// Searches in a row that found no step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Exhaustions(u64);

impl Exhaustions {
    /// One more: what becomes of this update, or the end of the run with what the search did, in words.
    pub(super) fn one_more(&mut self, verdict: Verdict, did: impl FnOnce() -> String) -> Ask {
        self.0 = self.0.saturating_add(1);
        if self.0 < MOST_EXHAUSTED {
            return Ask::Settle(verdict);
        }
        Ask::GiveUp(Reason(format!("{} searches in a row found no step; the last one {}", self.0, did())))
    }

    pub(super) fn write(self, writer: &mut Writer) {
        writer.u64(self.0);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        reader.u64().map(Self)
    }
}
