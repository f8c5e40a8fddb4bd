//! A recipe's schedules once in each cycle, for a run that is read out at several points.

use std::collections::BTreeMap;

use rheostat_control::Hyperparameter;
use rheostat_schedule::{NotCyclable, Restart, ScheduleSpec, Span};

use super::read::Recipe;
use crate::document::{DocumentError, Entry, Findings, Node, Value};

/// What a rate that comes to an end at every point can be.
const CYCLABLE: &str = "take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd";

impl Recipe {
    /// The same training with that budget, read out at its end.
    ///
    /// # Errors
    /// What does not fit it any more.
    pub fn with_budget(&self, budget: Span) -> Result<Self, DocumentError> {
        let mut tree = self.tree.clone();
        read_out_at(&mut tree, &[budget]);
        Self::reread(tree, &self.workload)
    }

    /// One run that is read out at each of the points: its schedules begin anew after every one of them, each in the span of its
    /// cycle, so that the run up to the first point is that of [`with_budget`](Self::with_budget) to the bit.
    ///
    /// Constant hyperparameters stay, and so do those named in `stay`, whose schedules go on over the whole run.
    ///
    /// # Errors
    /// The learning rate has no schedule, or one that has no end; points that are not in increasing order; cycles that are too
    /// short for their schedule.
    pub fn cycled(&self, points: &[Span], restart: &Restart, stay: &[Hyperparameter]) -> Result<Self, DocumentError> {
        let mut findings = Findings::default();
        let mut tree = self.tree.clone();
        read_out_at(&mut tree, points);
        self.check_cyclable(&mut findings);
        if findings.is_empty() {
            // Points in the wrong order, then a first cycle that is too short: told as such, not as faults of the cycles.
            Self::reread(tree.clone(), &self.workload)?.plan(self.workload.samples)?;
            self.check_first(points, &mut findings)?;
        }
        let groups =
            self.groups.iter().enumerate().map(|(index, group)| (format!("group[{index}]."), &group.hyperparameters));
        for (place, specs) in std::iter::once((String::new(), &self.hyperparameters)).chain(groups) {
            for (path, spec) in self.cycles_of(&place, specs, points, restart, stay, &mut findings) {
                // What is wrong with a cycle is wrong with the schedule that it was made of.
                let origin = self.tree.origin_of(&path);
                match (tree.get_mut(&path), toml::Value::try_from(&spec)) {
                    (Some(node), Ok(value)) => *node = Node::derived(value, origin),
                    (_, Err(error)) => findings.add(origin, format!("{path}: {error}"), None),
                    (None, Ok(_)) => {}
                }
            }
        }
        findings.or(Some(()))?;
        Self::reread(tree, &self.workload)
    }

    fn check_first(&self, points: &[Span], findings: &mut Findings) -> Result<(), DocumentError> {
        let Some(first) = points.first() else { return Ok(()) };
        if let Err(error) = self.with_budget(*first)?.plan(self.workload.samples) {
            for found in error.diagnostics {
                let help = found.help.or(Some("let the first point come later, or warm up for less".to_owned()));
                findings.add(&found.origin, format!("in the first cycle, up to {first}: {}", found.message), help);
            }
        }
        Ok(())
    }

    fn cycles_of(
        &self,
        place: &str,
        specs: &BTreeMap<Hyperparameter, ScheduleSpec>,
        points: &[Span],
        restart: &Restart,
        stay: &[Hyperparameter],
        findings: &mut Findings,
    ) -> Vec<(String, ScheduleSpec)> {
        let mut found = Vec::new();
        for (which, spec) in specs {
            let plain = matches!(spec, ScheduleSpec::Constant(_)) && *which != Hyperparameter::LearningRate;
            if plain || stay.contains(which) {
                continue;
            }
            let path = format!("{place}{which}");
            match spec.cycled(points, restart) {
                Ok(cycled) => found.push((path, cycled)),
                Err(why) => {
                    let message = format!("{path}: {why}, so the run cannot be read out at its points");
                    let help = match why {
                        NotCyclable::Cycles { .. } => format!("the points make the cycles; {CYCLABLE}"),
                        _ if *which == Hyperparameter::LearningRate => CYCLABLE.to_owned(),
                        _ => format!("{CYCLABLE}; or let it stay as it is over the whole run: stay = [\"{which}\"]"),
                    };
                    findings.add(self.tree.origin_of(&format!("{path}.method")), message, Some(help));
                }
            }
        }
        found
    }

    /// What sets a value by what it sees of the run has no end at a point.
    fn check_cyclable(&self, findings: &mut Findings) {
        let rate = Hyperparameter::LearningRate;
        let controller = self.controllers.get(&rate).map(|spec| spec.name());
        if let Some(name) = controller.or(self.line_search.as_ref().map(|search| search.name())) {
            let message = format!(
                "{name} finds the learning rate during the run: it has no schedule that could end at every point"
            );
            let help = format!("{CYCLABLE}; or draw the standard curve alone: modes = [\"standard\"]");
            findings.add(self.tree.origin_of(&format!("{rate}.method")), message, Some(help));
        }
        if let Some(spec) = self.controllers.get(&Hyperparameter::BatchSize) {
            let message = format!("{} plans the batch sizes of one whole run, not of cycles", spec.name());
            let help = Some("give batch_size a number or a schedule".to_owned());
            findings.add(self.tree.origin_of("batch_size.method"), message, help);
        }
    }
}

/// The run ends at the last point and is read out at all of them.
fn read_out_at(tree: &mut Node, points: &[Span]) {
    let origin = tree.origin.clone();
    let text = |span: &Span| Node { value: Value::Text(span.to_string()), origin: origin.clone() };
    let list = Node { value: Value::Array(points.iter().map(text).collect()), origin: origin.clone() };
    let last = points.last().map(text);
    for (key, node) in [("budget", last), ("read_outs", Some(list))] {
        let Some(node) = node else { continue };
        tree.insert(Entry { key: key.to_owned(), key_origin: origin.clone(), node });
    }
}
