use std::collections::BTreeSet;

use rheostat_record::{Event, Run};

use crate::number::exact;

/// The steps of a run as CSV: `step,loss,gradient_norm,train_seconds`, then one column a hyperparameter. A value that a step does not
/// have is empty; numbers are in the shortest form that reads back as the same.
pub fn steps_csv(run: &Run) -> String {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for event in &run.events {
        if let Event::Step { hyperparameters, .. } = event {
            names.extend(hyperparameters.keys().map(String::as_str));
        }
    }
    let mut text = "step,loss,gradient_norm,train_seconds".to_owned();
    for name in &names {
        text.push(',');
        text.push_str(&field(name));
    }
    text.push('\n');
    for event in &run.events {
        let Event::Step { step, loss, gradient_norm, train_seconds, hyperparameters } = event else { continue };
        text.push_str(&step.to_string());
        for value in [loss, gradient_norm, train_seconds] {
            text.push(',');
            text.push_str(&exact(*value));
        }
        for name in &names {
            text.push(',');
            text.extend(hyperparameters.get(*name).map(|value| exact(*value)));
        }
        text.push('\n');
    }
    text
}

/// The evaluations of a run as CSV: `step,val_loss,val_metric,train_seconds`, `step` being the updates done.
pub fn evaluations_csv(run: &Run) -> String {
    let mut text = "step,val_loss,val_metric,train_seconds\n".to_owned();
    for event in &run.events {
        let Event::Evaluation { step, val_loss, val_metric, train_seconds, .. } = event else { continue };
        text.push_str(&format!("{step},{},{},{}\n", exact(*val_loss), exact(*val_metric), exact(*train_seconds)));
    }
    text
}

/// A field, in quotes if it would otherwise be several.
pub(crate) fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
