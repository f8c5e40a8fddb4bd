//! A run as columns of numbers, and what it came to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rheostat_control::Turn;
use rheostat_record::{Cost, Event, ReadOut, Run, Score, Status, Target};

/// What reports look at, taken out of a run once.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) run: &'a Run,
    /// What it is called among those beside it.
    pub(crate) name: String,
    /// The 0-based update of each step, and training seconds after it.
    pub(crate) updates: Vec<f64>,
    pub(crate) seconds: Vec<f64>,
    pub(crate) losses: Vec<f64>,
    pub(crate) gradients: Vec<f64>,
    /// By name, a value a step; NaN where a step has none.
    pub(crate) hyperparameters: BTreeMap<&'a str, Vec<f64>>,
    pub(crate) evaluations: Vec<Evaluation>,
    pub(crate) moments: Vec<Moment<'a>>,
    pub(crate) searches: Searches<'a>,
    pub(crate) target: Option<Target>,
    pub(crate) verdict: Verdict,
    pub(crate) best: Option<Score>,
    pub(crate) last: Option<Score>,
    pub(crate) test: Option<Score>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Evaluation {
    pub(crate) step: u64,
    pub(crate) seconds: f64,
    /// Absent in records of earlier versions.
    pub(crate) cost: Option<Cost>,
    pub(crate) loss: f64,
    pub(crate) metric: f64,
}

/// What a line search came to over the run.
#[derive(Debug, Default)]
pub(crate) struct Searches<'a> {
    /// Updates by how their step was found.
    pub(crate) outcomes: BTreeMap<&'a str, u64>,
    /// Losses evaluated for it.
    pub(crate) losses: u64,
}

/// Something that happened once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) step: u64,
    pub(crate) seconds: f64,
    pub(crate) what: &'a str,
    pub(crate) why: Why<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Why<'a> {
    Said(&'a str),
    Reset { tau: f64, alpha: f64 },
    Restored,
    Refused { loss: f64, gradient_norm: f64 },
    Resumed,
    ReadOut(&'a ReadOut),
}

impl Moment<'_> {
    /// Whether the run took another course then: not where a controller had something done or noted, and went on.
    pub(crate) fn is_turn(&self) -> bool {
        !matches!(self.why, Why::Said(_) | Why::ReadOut(_)) || Turn::from_name(self.what).is_some()
    }
}

/// What became of the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    None,
    Met { steps: u64, seconds: Option<f64> },
    Missed,
}

/// Runs side by side, called by their ids; where several have the same one, as trials of a study do, by what differs in their paths.
pub(crate) fn side_by_side(runs: &[Run]) -> Vec<View<'_>> {
    let mut views: Vec<View<'_>> = runs.iter().map(View::new).collect();
    let ids: BTreeSet<&str> = runs.iter().map(|run| run.manifest.id.as_str()).collect();
    if ids.len() < runs.len() {
        let paths: Vec<Vec<String>> = runs.iter().map(|run| parts(&run.path)).collect();
        let same = |at: fn(&[String], usize) -> Option<&String>| {
            (0..)
                .take_while(|&index| {
                    paths.iter().all(|path| path.len() > index + 1 && at(path, index) == at(&paths[0], index))
                })
                .count()
        };
        let (first, last) = (same(|path, index| path.get(index)), same(|path, index| path.iter().rev().nth(index)));
        for (view, path) in views.iter_mut().zip(&paths) {
            let own = path.get(first.min(path.len() - 1)..path.len().saturating_sub(last)).unwrap_or_default();
            view.name = if own.is_empty() { path.join("/") } else { own.join("/") };
        }
    }
    views
}

fn parts(path: &Path) -> Vec<String> {
    path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
}

impl<'a> View<'a> {
    pub(crate) fn new(run: &'a Run) -> Self {
        let manifest = &run.manifest;
        let target = run.result.as_ref().and_then(|result| result.target.clone()).or_else(|| {
            let value = manifest.target?;
            Some(Target { metric: manifest.metric.clone(), value, direction: manifest.direction })
        });
        let mut view = Self {
            run,
            name: manifest.id.clone(),
            updates: Vec::new(),
            seconds: Vec::new(),
            losses: Vec::new(),
            gradients: Vec::new(),
            hyperparameters: BTreeMap::new(),
            evaluations: Vec::new(),
            moments: Vec::new(),
            searches: Searches::default(),
            target,
            verdict: Verdict::None,
            best: None,
            last: None,
            test: None,
        };
        let mut clock = 0.0;
        for event in &run.events {
            view.take(event, &mut clock);
        }
        let steps = view.updates.len();
        for values in view.hyperparameters.values_mut() {
            values.resize(steps, f64::NAN);
        }
        view.conclude();
        view
    }

    fn take(&mut self, event: &'a Event, clock: &mut f64) {
        let mut moment = |step: u64, what: &'a str, why: Why<'a>| {
            self.moments.push(Moment { step, seconds: *clock, what, why });
        };
        match event {
            Event::Step { step, loss, gradient_norm, train_seconds, hyperparameters } => {
                let steps = self.updates.len();
                self.updates.push(*step as f64);
                self.seconds.push(*train_seconds);
                self.losses.push(*loss);
                self.gradients.push(*gradient_norm);
                *clock = *train_seconds;
                for (name, value) in hyperparameters {
                    let values = self.hyperparameters.entry(name.as_str()).or_default();
                    values.resize(steps, f64::NAN);
                    values.push(*value);
                }
            }
            Event::Evaluation { step, val_loss, val_metric, train_seconds, cost } => {
                *clock = *train_seconds;
                let (seconds, cost) = (*train_seconds, *cost);
                self.evaluations.push(Evaluation { step: *step, seconds, cost, loss: *val_loss, metric: *val_metric });
            }
            Event::Test { step, test_loss, test_metric } => {
                self.test = Some(Score { step: *step, loss: *test_loss, metric: *test_metric });
            }
            Event::Decision { step, decision, reason } => moment(*step, decision, Why::Said(reason)),
            Event::Reset { step, tau, alpha } => moment(*step, "reset", Why::Reset { tau: *tau, alpha: *alpha }),
            Event::Search { outcome, trials, probes, .. } => {
                *self.searches.outcomes.entry(outcome.as_str()).or_default() += 1;
                self.searches.losses += trials + probes;
            }
            Event::Restore { step } => moment(*step, "restore", Why::Restored),
            Event::Skip { step, loss, gradient_norm } => {
                moment(*step, "skip", Why::Refused { loss: *loss, gradient_norm: *gradient_norm });
            }
            Event::Resume { step, .. } => moment(*step, "resume", Why::Resumed),
            Event::ReadOut(read_out) => moment(read_out.step, "read_out", Why::ReadOut(read_out)),
            Event::Change { .. } | Event::Moments { .. } | Event::Checkpoint { .. } | Event::Stop { .. } => {}
        }
    }

    /// What the result says; where there is none yet, what the evaluations say.
    fn conclude(&mut self) {
        let score =
            |evaluation: &Evaluation| Score { step: evaluation.step, loss: evaluation.loss, metric: evaluation.metric };
        let direction = self.run.manifest.direction;
        let mut best: Option<Score> = None;
        for evaluation in &self.evaluations {
            let better = best.is_none_or(|best| direction.better(evaluation.metric, best.metric));
            if better && !evaluation.metric.is_nan() {
                best = Some(score(evaluation));
            }
        }
        let result = self.run.result.as_ref();
        self.best = result.and_then(|result| result.best).or(best);
        self.last = result.and_then(|result| result.last).or_else(|| self.evaluations.last().map(score));
        self.test = result.and_then(|result| result.test).or(self.test);
        self.verdict = match (&self.target, result) {
            (None, _) => Verdict::None,
            (Some(_), Some(result)) => match result.steps_to_target {
                Some(steps) => Verdict::Met { steps, seconds: result.seconds_to_target },
                None => Verdict::Missed,
            },
            (Some(_), None) => match self.first_met() {
                Some(met) => Verdict::Met { steps: met.step, seconds: Some(met.seconds) },
                None => Verdict::Missed,
            },
        };
    }

    /// The evaluation that first met the target.
    pub(crate) fn first_met(&self) -> Option<&Evaluation> {
        let target = self.target.as_ref()?;
        self.evaluations.iter().find(|evaluation| target.met(evaluation.metric))
    }

    pub(crate) fn id(&self) -> &str {
        &self.name
    }

    pub(crate) fn metric(&self) -> String {
        crate::number::spoken(&self.run.manifest.metric)
    }

    /// Whether the metric says the same as the validation loss.
    pub(crate) fn metric_is_loss(&self) -> bool {
        self.run.manifest.metric == "loss"
    }

    pub(crate) fn status(&self) -> Option<Status> {
        self.run.result.as_ref().map(|result| result.status)
    }

    /// Training seconds, from the result or as far as they were recorded.
    pub(crate) fn train_seconds(&self) -> f64 {
        let recorded = || {
            let evaluated = self.evaluations.last().map_or(0.0, |evaluation| evaluation.seconds);
            self.seconds.last().copied().unwrap_or(0.0).max(evaluated)
        };
        self.run.result.as_ref().map_or_else(recorded, |result| result.train_seconds)
    }

    /// Updates done where the record ends.
    pub(crate) fn reached(&self) -> f64 {
        let evaluated = self.evaluations.last().map_or(0.0, |evaluation| evaluation.step as f64);
        self.updates.last().map_or(0.0, |last| last + 1.0).max(evaluated)
    }

    /// Updates made so far.
    pub(crate) fn steps(&self) -> u64 {
        let recorded = || self.updates.last().map_or(0, |last| *last as u64 + 1);
        self.run.result.as_ref().map_or_else(recorded, |result| result.steps_kept)
    }

    /// Whether a hyperparameter ever changes.
    pub(crate) fn moves(&self, name: &str) -> bool {
        let Some(values) = self.hyperparameters.get(name) else { return false };
        let mut known = values.iter().filter(|value| !value.is_nan());
        let first = known.next();
        known.any(|value| Some(value) != first)
    }

    /// Losses that were not finite: how many, and the first with its update.
    pub(crate) fn non_finite(&self) -> Option<(usize, f64, f64)> {
        let mut odd = self.updates.iter().zip(&self.losses).filter(|(_, loss)| !loss.is_finite());
        let (update, loss) = odd.next()?;
        Some((1 + odd.count(), *update, *loss))
    }

    /// What the recipe names under `table.method`, or the number itself.
    pub(crate) fn method(&self, table: &str) -> String {
        let recipe: toml::Table = self.run.manifest.recipe.parse().unwrap_or_default();
        match recipe.get(table) {
            Some(toml::Value::Table(table)) => {
                table.get("method").and_then(toml::Value::as_str).unwrap_or_default().to_owned()
            }
            Some(toml::Value::Float(value)) => crate::number::short(*value),
            Some(toml::Value::Integer(value)) => value.to_string(),
            Some(toml::Value::String(value)) => value.clone(),
            _ => String::new(),
        }
    }
}

/// The mean of each value and its neighbours, as many before as after, so that it does not lag; only at the end there are fewer
/// after. Values that are not finite do not count, and have no mean.
pub(crate) fn smoothed(values: &[f64], window: usize) -> Vec<f64> {
    let window = (window | 1).max(1);
    let (length, half) = (values.len(), window / 2);
    if half == 0 {
        return values.to_vec();
    }
    // Sums from each block's begin and to its end make the sum of any window without subtracting, so that one huge loss
    // does not wipe out the digits of all that follow.
    let add =
        |(sum, count): (f64, u32), value: f64| if value.is_finite() { (sum + value, count + 1) } else { (sum, count) };
    let mut from_begin = vec![(0.0, 0u32); length];
    let mut to_end = vec![(0.0, 0u32); length];
    for index in 0..length {
        let before = if index % window == 0 { (0.0, 0) } else { from_begin[index - 1] };
        from_begin[index] = add(before, values[index]);
    }
    for index in (0..length).rev() {
        let after = if index + 1 == length || (index + 1) % window == 0 { (0.0, 0) } else { to_end[index + 1] };
        to_end[index] = add(after, values[index]);
    }
    let mean = |(sum, count): (f64, u32)| if count == 0 { f64::NAN } else { sum / f64::from(count) };
    let around = |index: usize| {
        if !values[index].is_finite() {
            return f64::NAN;
        }
        let reach = half.min(index);
        let (first, last) = (index - reach, (index + reach).min(length - 1));
        if first / window == last / window {
            // Near the ends the window is within a block: few enough to add up.
            return mean(values[first..=last].iter().fold((0.0, 0), |sum, value| add(sum, *value)));
        }
        let ((low, low_count), (high, high_count)) = (to_end[first], from_begin[last]);
        mean((low + high, low_count + high_count))
    };
    (0..length).map(around).collect()
}

/// The window of [`smoothed`] that suits so many values.
pub(crate) fn window(length: usize) -> usize {
    if length < 20 { 1 } else { (length / 40).max(7) | 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_as_many_neighbours_on_both_sides_where_there_are() {
        let values = [1.0, 2.0, 6.0, 4.0, 5.0, 9.0];
        assert_eq!(smoothed(&values, 3), [1.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(smoothed(&values, 1), values);
        assert!(smoothed(&[], 5).is_empty());
    }

    #[test]
    fn a_mean_of_many_equals_adding_up() {
        let values: Vec<f64> = (0..997).map(|index| f64::from(index * 7919 % 1000)).collect();
        let smooth = smoothed(&values, 41);
        for index in 0..values.len() {
            let reach = 20.min(index);
            let window = &values[index - reach..=(index + reach).min(values.len() - 1)];
            let mean = window.iter().sum::<f64>() / window.len() as f64;
            assert!((smooth[index] - mean).abs() < 1e-9, "{index}");
        }
    }

    #[test]
    fn losses_that_are_not_finite_have_no_mean_and_leave_that_of_the_others() {
        let means = smoothed(&[1.0, f64::NAN, 3.0, 5.0, f64::INFINITY], 3);
        assert!(means[1].is_nan() && means[4].is_nan());
        assert_eq!(means[2..4], [4.0, 4.0]);
        assert!(smoothed(&[f64::NAN; 9], 3).iter().all(|mean| mean.is_nan()));
    }

    #[test]
    fn one_huge_loss_does_not_hide_what_follows() {
        let mut values = vec![1.0; 300];
        values[10] = 1e30;
        assert_eq!(smoothed(&values, 9)[200], 1.0);
    }
}
