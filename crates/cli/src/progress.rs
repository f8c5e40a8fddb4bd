use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rheostat_record::{Event, Manifest, Plan};
use rheostat_train::Observer;

/// Shows a run in progress on stderr: a bar on a terminal, a line an evaluation elsewhere.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    metric: String,
    evaluated: String,
    total: u64,
    loss: f64,
    rate: f64,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar, metric: String::new(), evaluated: String::new(), total: 0, loss: f64::NAN, rate: f64::NAN }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    fn show(&self) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("loss {:.4}  rate {:.2e}{}", self.loss, self.rate, self.evaluated));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn begin(&mut self, manifest: &Manifest, plan: &Plan, step: u64) {
        self.total = plan.total_steps;
        self.metric.clone_from(&manifest.metric);
        let from = if step > 0 { format!(", from step {step}") } else { String::new() };
        self.line(&format!(
            "{}: {} parameters, {} training samples, {} steps of {} an epoch{from}; {} on {} threads",
            manifest.workload,
            manifest.parameters,
            manifest.samples,
            plan.total_steps,
            plan.steps_per_epoch(),
            manifest.device,
            manifest.threads,
        ));
        if let Some(bar) = &self.bar {
            let template = "{bar:24.cyan/dim} {pos}/{len}  {msg}  {per_sec}  {eta} left";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━━─").with_key(
                    "per_sec",
                    |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                        // A failing write only loses a drawing.
                        let _ = write!(out, "{:.1} steps/s", state.per_sec());
                    },
                ));
            }
            bar.set_length(plan.total_steps);
            bar.set_position(step);
            bar.reset_eta();
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Step { step, loss, hyperparameters, .. } => {
                self.loss = *loss;
                self.rate = hyperparameters.get("learning_rate").copied().unwrap_or(f64::NAN);
                if let Some(bar) = &self.bar {
                    bar.set_position(step + 1);
                }
                self.show();
            }
            Event::Evaluation { step, val_loss, val_metric, train_seconds, .. } => {
                // A metric that is the loss needs no second mention.
                let metric =
                    if self.metric == "loss" { String::new() } else { format!("  {} {val_metric:.4}", self.metric) };
                self.evaluated = if metric.is_empty() { format!("  val_loss {val_loss:.4}") } else { metric.clone() };
                if self.bar.is_none() {
                    // Before the first update there is neither a loss nor a rate to tell.
                    let update = match step {
                        0 => String::new(),
                        _ => format!("  loss {:.4}  rate {:.3e}", self.loss, self.rate),
                    };
                    let total = self.total;
                    eprintln!("step {step}/{total}{update}  val_loss {val_loss:.4}{metric}  {train_seconds:.1} s");
                }
                self.show();
            }
            Event::Decision { step, decision, reason } => self.line(&format!("step {step}: {decision}: {reason}")),
            _ => {}
        }
    }
}
