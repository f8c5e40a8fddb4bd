//! What is seen, said in a sentence.

use rheostat_record::{Direction, ReadOut, Status};

use crate::number::{capital, duration, plural, short, significant, spoken};
use crate::view::{Verdict, View, smoothed, window};

/// How a run ended, in a few words.
pub(crate) fn status(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Finished) => "finished",
        Some(Status::TargetMet) => "stopped at the target",
        Some(Status::Diverged) => "diverged",
        Some(Status::TimeLimit) => "stopped by its time limit",
        Some(Status::SpentLimit) => "stopped by its limit of spent updates",
        Some(Status::Interrupted) => "interrupted, can be resumed",
        None => "no result yet",
    }
}

/// What became of the target: `accuracy 0.95 reached after 412 updates, in 3.1 s of training`.
pub(crate) fn verdict(view: &View<'_>) -> Option<String> {
    let target = view.target.as_ref()?;
    let goal = format!("{} {}", spoken(&target.metric), short(target.value));
    Some(match view.verdict {
        Verdict::Met { steps, seconds } => {
            let time = seconds.map(|seconds| format!(", in {} of training", duration(seconds))).unwrap_or_default();
            format!("{goal} reached after {}{time}", plural(steps, "update"))
        }
        _ => match (view.best, view.status()) {
            (Some(best), None) => format!("{goal} not reached yet: {} so far", short(best.metric)),
            (Some(best), _) => format!("{goal} not reached: {} at best", short(best.metric)),
            (None, None) => format!("{goal} not reached yet"),
            (None, _) => format!("{goal} not reached: no evaluation was a number"),
        },
    })
}

/// How a line search found its steps: losses evaluated an update besides its own, and updates by outcome, the most frequent first:
/// `7992 satisfied`, `8 exhausted`. `None` without one.
pub(crate) fn searches(view: &View<'_>) -> Option<(String, Vec<String>)> {
    let outcomes = &view.searches.outcomes;
    let updates: u64 = outcomes.values().sum();
    if updates == 0 {
        return None;
    }
    let each = short(view.searches.losses as f64 / updates as f64);
    let mut outcomes: Vec<_> = outcomes.iter().map(|(outcome, times)| (*times, spoken(outcome))).collect();
    outcomes.sort_by_key(|(times, _)| std::cmp::Reverse(*times));
    let said = |(times, outcome)| format!("{} {outcome}", crate::number::count(times));
    Some((each, outcomes.into_iter().map(said).collect()))
}

/// Losses that were not finite, in words.
pub(crate) fn non_finite_losses(view: &View<'_>) -> Option<String> {
    let (count, update, loss) = view.non_finite()?;
    let name = named(loss);
    Some(match count {
        1 => format!("The loss was {name} at update {update}."),
        _ => format!(
            "{} losses were not finite, the first ({name}) at update {update}.",
            crate::number::count(count as u64)
        ),
    })
}

/// A loss that is no number, in words.
fn named(loss: f64) -> &'static str {
    match loss {
        loss if loss == f64::INFINITY => "infinite",
        loss if loss == f64::NEG_INFINITY => "minus infinity",
        _ => "NaN",
    }
}

/// The headline of a page or a summary.
pub(crate) fn headline(views: &[View<'_>]) -> String {
    match views {
        [view] => headline_of_one(view),
        _ => headline_of_many(views),
    }
}

fn headline_of_one(view: &View<'_>) -> String {
    let workload = &view.run.manifest.workload;
    let metric = view.metric();
    if view.status() == Some(Status::Diverged) {
        return match view.non_finite() {
            Some((_, update, loss)) => {
                format!("{workload} diverged: the loss was {} at update {update}", named(loss))
            }
            None => format!("{workload} diverged after {}", plural(view.steps(), "update")),
        };
    }
    let target = view.target.as_ref().map(|target| short(target.value)).unwrap_or_default();
    if let (Verdict::Missed, Some(best), None) = (view.verdict, view.best, view.status()) {
        return format!("{workload} is at {metric} {} so far, on its way to {target}", short(best.metric));
    }
    match (view.verdict, view.best) {
        (Verdict::Met { steps, seconds }, _) => {
            let time = seconds.map(|seconds| format!(" and {} of training", duration(seconds))).unwrap_or_default();
            format!("{workload} reached {metric} {target} after {}{time}", plural(steps, "update"))
        }
        (Verdict::Missed, Some(best)) => {
            format!("{workload} got to {metric} {}, short of its target {target}", short(best.metric))
        }
        (Verdict::None, Some(best)) => {
            format!("{workload} got to {metric} {} after {}", short(best.metric), plural(best.step, "update"))
        }
        (_, None) => format!("{workload}, {}", plural(view.steps(), "update")),
    }
}

fn headline_of_many(views: &[View<'_>]) -> String {
    let Some(first) = views.first() else { return String::new() };
    let count = views.len();
    if !comparable(views) {
        let mut workloads: Vec<&str> = views.iter().map(|view| view.run.manifest.workload.as_str()).collect();
        workloads.sort_unstable();
        workloads.dedup();
        return match workloads.as_slice() {
            [one] => format!("{count} runs of {one}"),
            many => format!("{count} runs of {} workloads", many.len()),
        };
    }
    let metric = first.metric();
    let ranked = ranking(views);
    let Some(top) = ranked.first().map(|index| &views[*index]) else { return String::new() };
    match (&first.target, top.verdict, top.best) {
        (Some(target), Verdict::Met { steps, seconds }, _) => {
            let time = seconds.map(|seconds| format!("{} of training, ", duration(seconds))).unwrap_or_default();
            format!("{} reached {metric} {} first: {time}{}", top.id(), short(target.value), plural(steps, "update"))
        }
        (Some(target), _, Some(best)) => {
            let goal = short(target.value);
            format!(
                "None of {count} runs reached {metric} {goal}; {} came closest with {}",
                top.id(),
                short(best.metric)
            )
        }
        (None, _, Some(best)) => format!("{} got the best {metric} of {count} runs: {}", top.id(), short(best.metric)),
        _ => format!("{count} runs of {}", first.run.manifest.workload),
    }
}

/// Whether the runs have the same workload, metric and target.
pub(crate) fn comparable(views: &[View<'_>]) -> bool {
    let same = |one: &View<'_>, other: &View<'_>| {
        one.run.manifest.workload == other.run.manifest.workload
            && one.run.manifest.metric == other.run.manifest.metric
            && one.target == other.target
    };
    views.windows(2).all(|pair| same(&pair[0], &pair[1]))
}

/// The runs in order: those that met the target by training seconds, then the others by their best metric.
pub(crate) fn ranking(views: &[View<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..views.len()).collect();
    let key = |view: &View<'_>| {
        let time = match view.verdict {
            Verdict::Met { steps, seconds } => seconds.unwrap_or(steps as f64),
            _ => f64::INFINITY,
        };
        let best = view.best.map_or(f64::NAN, |best| best.metric);
        let worse = match view.run.manifest.direction {
            Direction::Increasing => -best,
            Direction::Decreasing => best,
        };
        (time, if worse.is_nan() { f64::INFINITY } else { worse })
    };
    order.sort_by(|one, other| {
        let (one, other) = (key(&views[*one]), key(&views[*other]));
        one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
    });
    order
}

/// What the headline leaves out.
pub(crate) fn subline(views: &[View<'_>]) -> String {
    if let [view] = views {
        let mut parts = vec![capital(status(view.status())) + "."];
        if view.status().is_none() {
            let budget = view.run.manifest.budget_steps;
            parts =
                vec![format!("No result yet: {} of {}.", plural(view.steps(), "update"), crate::number::count(budget))];
        }
        parts.extend(non_finite_losses(view));
        return parts.join(" ");
    }
    let met: Vec<usize> =
        ranking(views).into_iter().filter(|index| matches!(views[*index].verdict, Verdict::Met { .. })).collect();
    if !comparable(views) || views.iter().all(|view| view.target.is_none()) || met.is_empty() {
        return String::new();
    }
    let mut text = match met.len() {
        all if all == views.len() => format!("All {all} runs met the target."),
        some => format!("{some} of {} runs met the target.", views.len()),
    };
    if let [first, second, ..] = met[..]
        && let (Verdict::Met { seconds: Some(fast), .. }, Verdict::Met { seconds: Some(slow), .. }) =
            (views[first].verdict, views[second].verdict)
    {
        text += &format!(" Next came {} with {}", views[second].id(), duration(slow));
        let times = slow / fast;
        text += &if times >= 1.05 && times.is_finite() {
            format!(", {} times as long.", rough(times))
        } else {
            ".".to_owned()
        };
    }
    text
}

/// The training loss, in a sentence.
pub(crate) fn loss(views: &[View<'_>]) -> String {
    let ends = |view: &View<'_>| {
        let smooth = smoothed(&view.losses, window(view.losses.len()));
        Some((*smooth.first()?, *smooth.last()?)).filter(|(first, last)| first.is_finite() && last.is_finite())
    };
    if let [view] = views {
        if let Some((_, update, loss)) = view.non_finite().filter(|_| view.status() == Some(Status::Diverged)) {
            return format!("Training loss was {} at update {update}", named(loss));
        }
        return match ends(view) {
            Some((first, last)) => went("Training loss", first, last),
            None => "Training loss".to_owned(),
        };
    }
    let lowest = views.iter().filter_map(|view| Some((ends(view)?.1, view.id())));
    match lowest.min_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((loss, id)) if comparable(views) => format!("Training loss ended lowest in {id}: {}", rough(loss)),
        _ => "Training loss of every run".to_owned(),
    }
}

/// The validation loss, in a sentence.
pub(crate) fn validation_loss(views: &[View<'_>]) -> String {
    let lowest = |view: &View<'_>| {
        let finite = view.evaluations.iter().filter(|evaluation| evaluation.loss.is_finite());
        finite.min_by(|one, other| one.loss.total_cmp(&other.loss)).map(|evaluation| (evaluation.loss, evaluation.step))
    };
    if let [view] = views {
        return match lowest(view) {
            Some((loss, step)) => {
                format!("Validation loss was lowest, {}, after {}", rough(loss), plural(step, "update"))
            }
            None => "Validation loss".to_owned(),
        };
    }
    let best = views.iter().filter_map(|view| Some((lowest(view)?.0, view.id())));
    match best.min_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((loss, id)) if comparable(views) => format!("Validation loss got lowest in {id}: {}", rough(loss)),
        _ => "Validation loss of every run".to_owned(),
    }
}

/// The validation metric, in a sentence.
pub(crate) fn metric(views: &[View<'_>]) -> String {
    let Some(first) = views.first() else { return String::new() };
    let name = if comparable(views) { first.metric() } else { "validation metric".to_owned() };
    if let [view] = views {
        let target = view.target.as_ref().map(|target| short(target.value)).unwrap_or_default();
        return match (view.verdict, view.best) {
            (Verdict::Met { steps, .. }, _) => {
                format!("{} met its target of {target} after {}", capital(&name), plural(steps, "update"))
            }
            (Verdict::Missed, Some(best)) if view.status().is_none() => {
                format!("{} got to {} so far", capital(&name), short(best.metric))
            }
            (Verdict::Missed, Some(best)) => {
                format!("{} got to {}, short of its target of {target}", capital(&name), short(best.metric))
            }
            (_, Some(best)) => {
                format!("{} was best, {}, after {}", capital(&name), short(best.metric), plural(best.step, "update"))
            }
            _ => capital(&name),
        };
    }
    let met = views.iter().filter(|view| matches!(view.verdict, Verdict::Met { .. })).count();
    match &first.target {
        Some(target) if comparable(views) => {
            format!("{} met its target of {} in {met} of {} runs", capital(&name), short(target.value), views.len())
        }
        _ => format!("{} of every run", capital(&name)),
    }
}

/// The gradient norm, in a sentence.
pub(crate) fn gradient(views: &[View<'_>]) -> String {
    let largest = |view: &View<'_>| {
        let finite = view.updates.iter().zip(&view.gradients).filter(|(_, norm)| norm.is_finite());
        finite.max_by(|one, other| one.1.total_cmp(other.1)).map(|(update, norm)| (*norm, *update))
    };
    if let [view] = views {
        return match largest(view) {
            Some((norm, update)) => format!("Gradient norm was largest, {}, at update {update}", rough(norm)),
            None => "Gradient norm".to_owned(),
        };
    }
    let most = views.iter().filter_map(|view| Some((largest(view)?.0, view.id())));
    match most.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((norm, id)) => format!("Gradient norm was largest in {id}: {}", rough(norm)),
        None => "Gradient norm of every run".to_owned(),
    }
}

/// A hyperparameter, in a sentence.
pub(crate) fn hyperparameter(views: &[View<'_>], name: &str) -> String {
    let spoken = capital(&spoken(name));
    if let [view] = views {
        let values = view.hyperparameters.get(name).map(Vec::as_slice).unwrap_or_default();
        return shape(&spoken, &view.updates, values);
    }
    let peaks = views.iter().filter_map(|view| {
        let finite = view.hyperparameters.get(name)?.iter().copied().filter(|value| value.is_finite());
        finite.max_by(f64::total_cmp)
    });
    let (low, high) =
        peaks.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), peak| (low.min(peak), high.max(peak)));
    match (low, high) {
        (low, high) if low > high => spoken,
        (low, high) if low == high => format!("{spoken} peaked at {} in every run", rough(low)),
        (low, high) => format!("{spoken} peaked between {} and {}", rough(low), rough(high)),
    }
}

/// How a curve runs: constant, one way, up and down, or to and fro.
pub(crate) fn shape(name: &str, updates: &[f64], values: &[f64]) -> String {
    let known: Vec<(f64, f64)> =
        updates.iter().copied().zip(values.iter().copied()).filter(|(_, value)| value.is_finite()).collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return name.to_owned() };
    let low = known.iter().min_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or(first);
    // Of equals the first: where a plateau begins.
    let high = known.iter().rev().max_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or(first);
    if low.1 == high.1 {
        return format!("{name} stayed at {}", rough(low.1));
    }
    // Changes of direction; those below a thousandth of the whole are ripples.
    let ripple = (high.1 - low.1) * 1e-3;
    let (mut turns, mut way, mut extreme) = (0, 0i8, first.1);
    for (_, value) in &known {
        let now = if *value > extreme + ripple {
            1
        } else if *value < extreme - ripple {
            -1
        } else {
            0
        };
        if now != 0 && now != way {
            turns += u32::from(way != 0);
            way = now;
        }
        if now != 0 || (way > 0 && *value > extreme) || (way < 0 && *value < extreme) {
            extreme = *value;
        }
    }
    match turns {
        0 => went(name, first.1, last.1),
        1 if high.1 > first.1 && high.1 > last.1 => {
            format!("{name} rose to {} at update {}, then fell to {}", rough(high.1), high.0, rough(last.1))
        }
        1 if low.1 < first.1 && low.1 < last.1 => {
            format!("{name} fell to {} at update {}, then rose to {}", rough(low.1), low.0, rough(last.1))
        }
        _ => format!("{name} moved between {} and {}", rough(low.1), rough(high.1)),
    }
}

/// For sentences: three digits.
fn rough(value: f64) -> String {
    significant(value, 3)
}

fn went(name: &str, first: f64, last: f64) -> String {
    let verb = if last < first { "fell" } else { "rose" };
    match last == first {
        true => format!("{name} began and ended at {}", rough(first)),
        false => format!("{name} {verb} from {} to {}", rough(first), rough(last)),
    }
}

/// What a run was worth at a read-out point.
pub(crate) fn read_out(view: &View<'_>, read_out: &ReadOut) -> String {
    let best = match (read_out.best_step, read_out.best_metric) {
        (Some(step), Some(best)) if step != read_out.step => {
            format!(", at best {} in this cycle, after {}", short(best), plural(step, "update"))
        }
        _ => String::new(),
    };
    let (metric, value, test) = (view.metric(), short(read_out.val_metric), short(read_out.test_metric));
    format!("{metric} {value}{best}; {test} on test data")
}
