//! A recipe's schedules once in each cycle, for a run that is read out at several points.

use std::collections::BTreeMap;

use rheostat_control::{AveragingSpec, Hyperparameter};
use rheostat_schedule::{NotCyclable, Restart, Schedule, ScheduleSpec, Span};

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
        let mut ends = Vec::new();
        if findings.is_empty() {
            // Points in the wrong order, then cycles that are too short: told as such, not as faults of the cycles.
            ends = self.ends(points, restart, &mut findings)?;
        }
        if findings.is_empty() {
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
        let cycled = Self::reread(tree, &self.workload)?;
        cycled.check_descent(&ends)?;
        Ok(cycled)
    }

    /// The updates at which the cycles end, in increasing order and each cycle longer than its warm-up.
    fn ends(&self, points: &[Span], restart: &Restart, findings: &mut Findings) -> Result<Vec<u64>, DocumentError> {
        let Some(last) = points.last() else { return Ok(Vec::new()) };
        let plan = self.with_budget(*last)?.plan(self.workload.samples)?;
        let frame = &plan.setting.frame;
        let origin = self.tree.origin.clone();
        let mut ends: Vec<u64> = Vec::new();
        for (index, point) in points.iter().enumerate() {
            let Ok(end) = frame.to_steps(*point, 0) else { continue };
            let begin = ends.last().copied().unwrap_or(0);
            if end <= begin {
                let before = if index == 0 {
                    "the beginning".to_owned()
                } else {
                    format!("\"{}\", update {begin}", points[index - 1])
                };
                let message = format!("point \"{point}\" is update {end}, not after {before}");
                findings.add(&origin, message, Some("write the points in increasing order".to_owned()));
            } else if let Some(rewarm) = restart.rewarm.filter(|_| index > 0) {
                let cycle = end - begin;
                let warmup = frame.part(begin, Some(cycle)).to_steps(rewarm, 0).unwrap_or(0);
                if warmup >= cycle {
                    let message = format!(
                        "rewarm = \"{rewarm}\" is {warmup} updates, and the cycle up to \"{point}\" has {cycle}"
                    );
                    findings.add(
                        &origin,
                        message,
                        Some("warm up again for less, or set the points further apart".to_owned()),
                    );
                }
            }
            ends.push(end);
        }
        Ok(ends)
    }

    /// Whether the rates are lower at the end of every cycle than they were in it.
    fn check_descent(&self, ends: &[u64]) -> Result<(), DocumentError> {
        let plan = self.plan(self.workload.samples)?;
        let mut findings = Findings::default();
        let places = std::iter::once(String::new()).chain((0..).map(|index| format!("group[{index}].")));
        for (place, values) in places.zip(std::iter::once(&plan.base).chain(&plan.groups)) {
            let rate = values.schedules().iter().find(|(which, _)| *which == Hyperparameter::LearningRate);
            let Some((_, rate)) = rate else { continue };
            let begins = std::iter::once(0).chain(ends.iter().copied());
            let still = begins.zip(ends).find(|(begin, end)| !comes_down(rate, *begin, **end));
            if let Some((begin, end)) = still {
                let path = format!("{place}learning_rate");
                let message = format!(
                    "{path} does not come down within the cycle of updates {begin} to {end}: it ends at {}, its highest",
                    rate.at(end - 1)
                );
                let help = format!("{CYCLABLE}; lengths in percent are those of the cycle");
                findings.add(self.tree.origin_of(&path), message, Some(help));
            }
        }
        findings.or(Some(()))
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
            // What decays and warms up again is the rate; other hyperparameters are in every cycle what they are in a run.
            let restart = if *which == Hyperparameter::LearningRate { *restart } else { Restart::default() };
            let plain = matches!(spec, ScheduleSpec::Constant(_)) && *which != Hyperparameter::LearningRate;
            if plain || stay.contains(which) {
                continue;
            }
            let path = format!("{place}{which}");
            match spec.cycled(points, &restart) {
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
        if let Some(key) = self.averaging.as_ref().and_then(AveragingSpec::share_of_run) {
            let message = format!(
                "averaging.{key} is a share of the run, which is another one in a cyclic run than in that to a point"
            );
            let help =
                Some("give epochs or steps; or method = \"tail\", an average of the end of each cycle".to_owned());
            findings.add(self.tree.origin_of(&format!("averaging.{key}")), message, help);
        }
        if let Some(spec) = self.controllers.get(&Hyperparameter::BatchSize) {
            let message = format!("{} plans the batch sizes of one whole run, not of cycles", spec.name());
            let help = Some("give batch_size a number or a schedule".to_owned());
            findings.add(self.tree.origin_of("batch_size.method"), message, help);
        }
    }
}

/// Places within a cycle that are looked at besides those at which a phase begins.
const LOOKS: u64 = 64;

fn comes_down(rate: &Schedule, begin: u64, end: u64) -> bool {
    let last = end - 1;
    let spread = (0..LOOKS).map(|look| begin + (last - begin) * look / LOOKS);
    let phases = rate.breakpoints().into_iter().filter(|step| (begin..last).contains(step));
    let highest = spread.chain(phases).map(|step| rate.at(step)).fold(f64::NEG_INFINITY, f64::max);
    rate.at(last) < highest
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
