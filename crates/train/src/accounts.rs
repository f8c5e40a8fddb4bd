use std::time::Instant;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::TrainError;

/// What the clock is running for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for a batch.
    Data,
    /// The loss of a batch.
    Forward,
    /// Its gradient.
    Backward,
    /// The optimizer's update.
    Update,
    /// Deciding hyperparameters.
    Control,
    /// Evaluations that the recipe asks for.
    Evaluation,
    /// Events and checkpoints.
    Recording,
}

/// Seconds by phase. The first five together are training: only they count towards a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Accounts {
    /// Waiting for batches.
    pub data: f64,
    /// Losses.
    pub forward: f64,
    /// Gradients.
    pub backward: f64,
    /// Updates.
    pub update: f64,
    /// Decisions.
    pub control: f64,
    /// Evaluations that the recipe asks for.
    pub evaluation: f64,
    /// Events and checkpoints.
    pub recording: f64,
}

impl Accounts {
    /// Training seconds.
    pub fn training(&self) -> f64 {
        self.data + self.forward + self.backward + self.update + self.control
    }

    fn of(&mut self, phase: Phase) -> &mut f64 {
        match phase {
            Phase::Data => &mut self.data,
            Phase::Forward => &mut self.forward,
            Phase::Backward => &mut self.backward,
            Phase::Update => &mut self.update,
            Phase::Control => &mut self.control,
            Phase::Evaluation => &mut self.evaluation,
            Phase::Recording => &mut self.recording,
        }
    }
}

/// A monotonic clock that is always running for exactly one phase, so that no second is lost or counted twice.
#[derive(Debug)]
pub(crate) struct Clock {
    accounts: Accounts,
    phase: Phase,
    since: Instant,
}

impl Clock {
    pub(crate) fn start(accounts: Accounts) -> Self {
        Self { accounts, phase: Phase::Recording, since: Instant::now() }
    }

    /// Books the time since the last switch, once the device has finished what was asked of it.
    pub(crate) fn switch(&mut self, phase: Phase, device: &Device) -> Result<(), TrainError> {
        device.sync().map_err(|error| TrainError::Device(error.to_string()))?;
        let now = Instant::now();
        *self.accounts.of(self.phase) += now.duration_since(self.since).as_secs_f64();
        self.phase = phase;
        self.since = now;
        Ok(())
    }

    /// What was booked until the last switch.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }
}
