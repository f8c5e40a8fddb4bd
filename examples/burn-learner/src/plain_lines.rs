//! A line an epoch, with the learning rate; Burn's own plain renderer prints a line a batch, without it.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use burn::train::LearnerSummary;
use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId, MetricName, NumericEntry};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation, MetricsRendererTraining,
};

#[derive(Default)]
pub(crate) struct PlainLines {
    names: HashMap<MetricId, MetricName>,
    rates: Vec<f64>,
    training_loss: f64,
    validation_loss: f64,
}

/// A reader that went away, such as `head`, is no reason to stop training; `println!` would panic in Burn's thread.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}

impl PlainLines {
    /// Burn sends the value of every batch, and at the end of an epoch the mean as `Final`.
    fn read(&self, state: MetricState) -> Option<(&str, NumericEntry)> {
        match state {
            MetricState::Numeric(entry, Some(value)) => {
                self.names.get(&entry.metric_id).map(|name| (name.as_str(), value))
            }
            _ => None,
        }
    }
}

impl MetricsRendererTraining for PlainLines {
    fn update_train(&mut self, state: MetricState) {
        match self.read(state) {
            Some(("Loss", NumericEntry::Final(mean))) => self.training_loss = mean,
            Some(("Learning Rate", NumericEntry::Final(_))) => {}
            Some(("Learning Rate", rate)) => self.rates.push(rate.current()),
            _ => {}
        }
    }

    fn update_valid(&mut self, state: MetricState) {
        if let Some(("Loss", NumericEntry::Final(mean))) = self.read(state) {
            self.validation_loss = mean;
        }
    }

    fn on_train_end(&mut self, summary: Option<LearnerSummary>) -> Result<(), Box<dyn Error>> {
        if let Some(summary) = summary {
            say(format_args!("{summary}"));
        }
        Ok(())
    }
}

impl TrainingProgressLogger for PlainLines {
    fn start(&mut self, epochs: usize, first: usize, _items: Option<usize>, _label: Option<&str>) {
        say(format_args!("training epochs {first} to {epochs}"));
    }

    fn update_epoch(&mut self, epoch: usize) {
        if let [first, .., last] = self.rates[..] {
            let (training, validation) = (self.training_loss, self.validation_loss);
            say(format_args!(
                "epoch {epoch}: rate {first:.4e} to {last:.4e}, training loss {training:.3e}, validation loss {validation:.3e}"
            ));
        }
        self.rates.clear();
    }

    fn start_split(&mut self, _split: &str, _items: usize) {}
    fn update_split(&mut self, _items: usize) {}
    fn end_split(&mut self) {}
    fn end(&mut self) {}
    fn log_event_training(&mut self, _event: String) {}
}

impl MetricsRenderer for PlainLines {
    fn register_metric(&mut self, definition: MetricDefinition) {
        self.names.insert(definition.metric_id, definition.name);
    }

    fn manual_close(&mut self) {}
}

// A renderer must be able to show tests too; here there are none.
impl MetricsRendererEvaluation for PlainLines {
    fn update_test(&mut self, _name: EvaluationName, _state: MetricState) {}
}

impl EvaluationProgressLogger for PlainLines {
    fn start_global_progress(&mut self, _tests: usize) {}
    fn start_test(&mut self, _name: &str, _items: usize) {}
    fn update_test_progress(&mut self, _items: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _event: String) {}
}
