use serde::{Deserialize, Serialize};

use crate::Action;

/// What became of a run by a [`Decision`](crate::Decision), in ascending order: of several the largest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// A hyperparameter was lowered for want of progress.
    Reduce,
    /// A hyperparameter took another course: a warm-up ended, the next cycle began, a search had its winner.
    Switch,
    /// Parameters were moved towards fresh ones.
    Reset,
    /// The run went back to its last snapshot.
    Restore,
    /// The run was ended.
    Stop,
}

impl Turn {
    /// Every turn, in ascending order.
    pub const ALL: [Self; 5] = [Self::Reduce, Self::Switch, Self::Reset, Self::Restore, Self::Stop];

    /// Its name in events, in columns and on markers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reduce => "reduce",
            Self::Switch => "switch",
            Self::Reset => "reset",
            Self::Restore => "restore",
            Self::Stop => "stop",
        }
    }

    /// The turn of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The turn that is taken by carrying this out, if it is one.
    pub const fn of(action: &Action) -> Option<Self> {
        match action {
            Action::Save | Action::Evaluate => None,
            Action::Reset(_) => Some(Self::Reset),
            Action::Restore => Some(Self::Restore),
            Action::Stop(_) => Some(Self::Stop),
        }
    }
}
