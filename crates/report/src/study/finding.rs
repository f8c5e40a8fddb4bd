//! What a study found, in a sentence or two, and what to beware of.

use rheostat_score::{Bootstrap, Entry};

use super::Study;
use super::clock::Clock;
use super::field::{Field, Workload};
use crate::number::{count, percent, plural, short, significant};

/// The finding.
pub(super) fn headline(study: &Study<'_>) -> String {
    match study.fields.first() {
        Some(field) => of(study, field, study.clock()),
        None => format!("{}: no trials yet", study.name),
    }
}

/// What the headline leaves out.
pub(super) fn subline(study: &Study<'_>) -> String {
    let Some(field) = study.fields.first() else { return String::new() };
    let clock = study.clock();
    let mut parts = Vec::new();
    parts.extend(next(study, field, clock));
    parts.extend(doubt(study, field, clock));
    parts.extend(other_clock(study, field, clock));
    for other in study.fields.iter().skip(1) {
        parts.push(format!("Under {}: {}.", crate::number::spoken(other.ruleset), of(study, other, clock)));
    }
    parts.join(" ")
}

/// What makes numbers of this study doubtful.
pub(super) fn warnings(study: &Study<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    if study.planned > study.rows.len() {
        let (there, all) = (count(study.rows.len() as u64), plural(study.planned as u64, "trial"));
        warnings.push(format!("{there} of {all} are there: scores and medians will still move."));
    }
    let distinct = |of: &dyn Fn(&rheostat_score::TrialRow) -> String| {
        let mut values: Vec<String> = study.rows.iter().map(of).collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let processors = distinct(&|row| row.processor.clone());
    if processors.len() > 1 {
        warnings.push(format!(
            "Trials ran on {} different processors ({}): their training times do not compare. Updates do.",
            processors.len(),
            processors.join("; ")
        ));
    }
    let mut threads: Vec<usize> = study.rows.iter().map(|row| row.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    if threads.len() > 1 {
        let threads: Vec<String> = threads.iter().map(usize::to_string).collect();
        warnings.push(format!(
            "Trials ran with different numbers of threads ({}): their training times do not compare. Updates do.",
            threads.join(", ")
        ));
    }
    let programs = distinct(&|row| row.program.clone());
    if programs.len() > 1 {
        warnings.push(format!("Trials come from different versions of the program: {}.", programs.join("; ")));
    }
    for field in &study.fields {
        for workload in &field.workloads {
            let own = || field.rows.iter().filter(|row| row.workload == workload.name);
            if workload.target.is_none() {
                warnings.push(format!("Trials on {} have different targets: they do not compare.", workload.name));
            }
            if own().zip(own().skip(1)).any(|(one, other)| one.samples != other.samples) {
                warnings.push(format!("Trials on {} had different numbers of training samples.", workload.name));
            }
        }
    }
    warnings
}

fn of(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> String {
    let bases: Vec<&Workload<'_>> = field.bases().collect();
    match bases.as_slice() {
        [] => format!("{} of workloads that are not scored", plural(field.rows.len() as u64, "trial")),
        [one] => of_one(field, one, clock),
        _ => of_many(study, field, bases.len(), clock),
    }
}

/// The times of one workload, least first, of those that reached its target.
fn ranked<'f>(field: &'f Field<'_>, workload: &Workload<'_>, clock: Clock) -> Vec<(&'f str, f64)> {
    let median = |name: &&'f str| Some((*name, field.times(name, workload.name, clock)?.median));
    let mut ranked: Vec<(&str, f64)> = field.submissions.iter().filter_map(median).collect();
    ranked.retain(|(_, median)| median.is_finite());
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
    ranked
}

fn of_one(field: &Field<'_>, workload: &Workload<'_>, clock: Clock) -> String {
    let (name, goal) = (workload.name, workload.goal());
    let ranked = ranked(field, workload, clock);
    let Some((_, time)) = ranked.first() else {
        let reached = field.rows.iter().any(|row| row.workload == name && clock.time(row).is_finite());
        if reached {
            return format!("No submission reaches {goal} on {name} in the median of its studies");
        }
        let own = field.rows.iter().copied().filter(|row| row.workload == name);
        let best = field.best(workload, own);
        let closest = best.and_then(|best| {
            let row = field.rows.iter().find(|row| row.workload == name && row.best_metric == Some(best))?;
            Some(format!("; {} comes closest with {}", row.submission, short(best)))
        });
        return format!("No trial reaches {goal} on {name}{}", closest.unwrap_or_default());
    };
    let first: Vec<&str> = ranked.iter().take_while(|(_, other)| other == time).map(|(name, _)| *name).collect();
    let verb = if first.len() == 1 { "reaches" } else { "reach" };
    let ahead = if field.submissions.len() > first.len() { " first" } else { "" };
    let studies = first.first().and_then(|first| Some(field.times(first, name, clock)?.counted.len())).unwrap_or(1);
    let median = match studies {
        1 => "in one study".to_owned(),
        studies => format!("in the median of {studies} studies"),
    };
    format!("{} {verb} {goal} on {name}{ahead}: after {}, {median}", listed(&first), needed(clock, *time))
}

fn of_many(study: &Study<'_>, field: &Field<'_>, workloads: usize, clock: Clock) -> String {
    let entries = study.board(clock, field.ruleset).map(|board| board.entries.as_slice()).unwrap_or_default();
    let top: Vec<&Entry> = entries.iter().filter(|entry| entry.rank == 1).collect();
    let Some(first) = top.first() else { return plural(field.rows.len() as u64, "trial") };
    if first.reached == 0 && first.score == 0.0 {
        return format!("No submission reaches the target of any of {workloads} workloads in the median");
    }
    if let [only] = entries {
        return format!("{} reaches the targets of {} of {workloads} workloads", only.submission, only.reached);
    }
    let names: Vec<&str> = top.iter().map(|entry| entry.submission.as_str()).collect();
    let verb = if names.len() == 1 { "scores highest" } else { "share the highest score" };
    format!("{} {verb} by {}: {:.3} over {workloads} workloads", listed(&names), clock.spoken(), first.score)
}

/// Who comes second, and how far behind.
fn next(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> Option<String> {
    let bases: Vec<&Workload<'_>> = field.bases().collect();
    if let [workload] = bases.as_slice() {
        let ranked = ranked(field, workload, clock);
        let (_, fast) = ranked.first()?;
        let (name, slow) = ranked.iter().find(|(_, time)| time > fast)?;
        let times = slow / fast;
        let longer =
            if times.is_finite() { format!(", {} times as long", significant(times, 3)) } else { String::new() };
        return Some(format!("Next comes {name} with {}{longer}.", clock.told(*slow)));
    }
    let entries = &study.board(clock, field.ruleset)?.entries;
    let second = entries.iter().find(|entry| entry.rank > 1)?;
    Some(format!("Next comes {} with {:.3}.", second.submission, second.score))
}

/// How sure the first place is.
fn doubt(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> Option<String> {
    let entries = &study.board(clock, field.ruleset)?.entries;
    let first = entries.first().filter(|entry| entries.len() > 1 && entry.reached > 0)?;
    if field.single() {
        return Some(
            "There is one study of each: without a second, nothing tells a difference from chance.".to_owned(),
        );
    }
    let tied = entries.iter().filter(|entry| entry.rank == 1).count() > 1;
    let name = &first.submission;
    Some(match first.first {
        _ if tied => "The studies do not tell them apart.".to_owned(),
        sure if sure > 1.0 - 1e-9 => format!("However the studies are drawn again, {name} comes first."),
        sure if sure >= 0.95 => {
            format!("With the studies drawn again, {name} comes first in {} of cases.", often(sure))
        }
        sure => {
            format!(
                "That is not settled: with the studies drawn again, {name} comes first in {} of cases.",
                often(sure)
            )
        }
    })
}

/// Whether the other clock agrees.
fn other_clock(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> Option<String> {
    let other = study.clocks().into_iter().rev().find(|other| *other != clock)?;
    let top = |clock: Clock| -> Option<Vec<&str>> {
        let board = study.board(clock, field.ruleset)?;
        let first =
            board.entries.iter().filter(|entry| entry.rank == 1 && entry.reached > 0 && board.entries.len() > 1);
        Some(first.map(|entry| entry.submission.as_str()).collect())
    };
    let (here, there) = (top(clock)?, top(other)?);
    if here.is_empty() || there.is_empty() {
        return None;
    }
    let by = other.spoken();
    Some(if here == there { format!("By {by} it is the same.") } else { format!("By {by} it is {}.", listed(&there)) })
}

/// The bootstrap in words, for the foot of a leaderboard.
pub(super) fn intervals(field: &Field<'_>) -> String {
    if field.single() {
        return "There is one study of each, so there are no intervals.".to_owned();
    }
    let Bootstrap { resamples, confidence, .. } = Bootstrap::default();
    format!(
        "Bars are {} intervals: the studies were drawn again, with replacement, {} times. First: how often a submission then scored highest.",
        percent(confidence, 1.0),
        count(u64::from(resamples))
    )
}

/// How often something came out, without claiming certainty.
pub(super) fn often(share: f64) -> String {
    if share > 0.995 && share < 1.0 - 1e-9 { "> 99 %".to_owned() } else { percent(share, 1.0) }
}

fn needed(clock: Clock, time: f64) -> String {
    match clock {
        Clock::Seconds => format!("{} of training", clock.told(time)),
        Clock::Steps | Clock::Passes => clock.told(time),
    }
}

/// Names in a sentence.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [some @ .., last] if some.len() < 3 => format!("{} and {last}", some.join(", ")),
        many => format!("{} submissions", many.len()),
    }
}
