use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use rheostat_bench::{TrialKey, Watch};
use rheostat_record::Event;
use rheostat_score::TrialRow;

/// Shows a study in progress on stderr: a line for each trial that is over; on a terminal also a bar for each that runs.
pub(crate) struct Trials {
    all: MultiProgress,
    state: Mutex<State>,
}

struct State {
    began: Instant,
    wanted: usize,
    /// Over before this began.
    before: usize,
    done: usize,
    total: Option<ProgressBar>,
    bars: BTreeMap<TrialKey, ProgressBar>,
    /// Of trials that are over, for the next ones: bars that come and go leave their traces on a terminal.
    idle: Vec<ProgressBar>,
}

impl Trials {
    pub(crate) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
        let state = State {
            began: Instant::now(),
            wanted: 0,
            before: 0,
            done: 0,
            total: None,
            bars: BTreeMap::new(),
            idle: Vec::new(),
        };
        Self { all: MultiProgress::with_draw_target(target), state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        // Nothing is drawn off a terminal, and so nothing would be printed above it.
        if self.all.is_hidden() {
            eprintln!("{text}");
        } else if let Err(error) = self.all.println(text) {
            eprintln!("{text} ({error})");
        }
    }
}

impl State {
    fn over(&mut self, trial: &TrialKey) {
        self.idle.extend(self.bars.remove(trial));
    }

    fn show(&self) {
        let Some(total) = &self.total else { return };
        total.set_position(self.done as u64);
        let ended = self.done - self.before;
        if ended > 0 {
            let each = self.began.elapsed() / ended as u32;
            let left = each * (self.wanted - self.done) as u32;
            total.set_message(format!("about {} left", HumanDuration(left)));
        }
    }
}

impl Drop for Trials {
    fn drop(&mut self) {
        // What is drawn goes; the lines stay.
        let _ = self.all.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━━─")
}

impl Watch for Trials {
    fn begin(&self, wanted: usize, done: usize) {
        let mut state = self.lock();
        (state.wanted, state.before, state.done) = (wanted, done, done);
        let total = self.all.add(ProgressBar::new(wanted as u64));
        total.set_style(style("{bar:24.green/dim} {pos} of {len} trials  {msg}"));
        total.enable_steady_tick(Duration::from_millis(500));
        state.total = Some(total);
        state.show();
    }

    fn started(&self, trial: &TrialKey, budget_steps: u64) {
        let mut state = self.lock();
        let bar = match (state.idle.pop(), &state.total) {
            (Some(bar), _) => bar,
            (None, Some(total)) => self.all.insert_before(total, ProgressBar::new(budget_steps)),
            (None, None) => self.all.add(ProgressBar::new(budget_steps)),
        };
        bar.set_style(style("{bar:24.cyan/dim} {pos}/{len}  {prefix}  {msg}"));
        bar.set_length(budget_steps);
        bar.set_position(0);
        bar.set_message("");
        bar.set_prefix(trial.to_string());
        state.bars.insert(trial.clone(), bar);
    }

    fn event(&self, trial: &TrialKey, event: &Event) {
        let state = self.lock();
        let Some(bar) = state.bars.get(trial) else { return };
        match event {
            Event::Step { step, .. } => bar.set_position(step + 1),
            Event::Resume { step, .. } | Event::Restore { step } => bar.set_position(*step),
            Event::Evaluation { val_metric, .. } => bar.set_message(format!("{val_metric:.4}")),
            _ => {}
        }
    }

    fn ended(&self, trial: &TrialKey, row: &TrialRow) {
        let mut state = self.lock();
        state.over(trial);
        state.done += 1;
        self.line(&format!("{}/{}  {trial}: {}", state.done, state.wanted, outcome(row)));
        state.show();
    }

    fn interrupted(&self, trial: &TrialKey) {
        let mut state = self.lock();
        state.over(trial);
    }
}

/// What became of a trial, in a few words.
fn outcome(row: &TrialRow) -> String {
    let best =
        row.best_metric.map_or(String::new(), |best| format!("; best {best:.4} at {}", row.best_step.unwrap_or(0)));
    let target = format!("{} {}", row.metric, row.target);
    match (row.status.as_str(), row.steps_to_target) {
        ("failed", _) => format!("failed: {}", row.why),
        (_, Some(steps)) => format!("{target} after {:.2} s, {steps} updates{best}", row.time_to_target_s),
        ("diverged", None) => format!("diverged after {} updates{best}", row.steps),
        (_, None) => format!("missed {target} in {:.2} s, {} updates{best}", row.train_s, row.steps),
    }
}
