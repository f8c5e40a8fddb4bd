//! Reading a run out at a point: what it is worth there, as if it ended.

use rheostat_record::{Event, ReadOut};
use rheostat_workload::Workload;

use super::Session;
use crate::TrainError;
use crate::accounts::Phase;

impl<W: Workload> Session<'_, W> {
    /// Whether the run is to be read out here.
    pub(super) fn read_out_due(&self) -> bool {
        !self.host.skip_evaluation && self.plan.read_outs.binary_search(&self.state.step).is_ok()
    }

    /// Records what the run is worth, after the evaluation at this point. Whatever follows begins a cycle of its own.
    pub(super) fn read_out(&mut self) -> Result<(), TrainError> {
        let Some(end) = self.state.last else { return Ok(()) };
        self.clock.switch(Phase::Evaluation, &self.device)?;
        let test = self.test_of(self.state.cycle_best, self.cycle_best.as_deref())?;
        self.clock.switch(Phase::Recording, &self.device)?;
        let best = self.state.cycle_best.take();
        self.cycle_best = None;
        let read_out = ReadOut {
            step: self.state.step,
            spent: self.state.spent,
            forwards: self.state.forwards,
            backwards: self.state.backwards,
            train_seconds: self.clock.accounts().training(),
            val_loss: end.loss,
            val_metric: end.metric,
            best_step: best.map(|best| best.step),
            best_metric: best.map(|best| best.metric),
            test_loss: test.loss,
            test_metric: test.metric,
        };
        self.state.read_outs.push(read_out);
        self.record(&Event::ReadOut(read_out))
    }

    /// What was read out, or seen of the cycle, after a step that the run went back to does not stand.
    pub(super) fn forget_after(&mut self, step: u64) {
        self.state.read_outs.retain(|read_out| read_out.step <= step);
        if self.state.cycle_best.is_some_and(|best| best.step > step) {
            self.state.cycle_best = None;
            self.cycle_best = None;
        }
    }
}
