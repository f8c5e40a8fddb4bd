use std::path::PathBuf;

use rheostat_score::{
    AlgoperfEdition, Bootstrap, Clock, Comparison, Entry, Leaderboard, Profile, Rules, ScoreError, TargetSetting, Trial,
};

use crate::arguments::{Format, Global, Score};
use crate::error::CliError;
use crate::{output, score_sources};

pub(crate) fn run(arguments: &Score, global: &Global) -> Result<(), CliError> {
    let rules = Rules::named(&arguments.rules).map_err(asked)?;
    let clock = Clock::named(&arguments.clock).map_err(asked)?;
    // Logs of AlgoPerf are of the edition whose rules are asked for, else of the newest.
    let edition = if arguments.rules.starts_with("algoperf-0.5") { AlgoperfEdition::V05 } else { AlgoperfEdition::V06 };
    if let Some(least) = arguments.set_targets {
        return set_targets(&arguments.paths, least, global);
    }
    let mut trials = Vec::new();
    for path in &arguments.paths {
        trials.extend(score_sources::trials(path, clock, edition)?);
    }
    let bootstrap = Bootstrap { resamples: arguments.resamples, ..Bootstrap::default() };
    let boards = Leaderboard::all_with(&trials, &rules, &bootstrap);
    if boards.is_empty() {
        return Err(asked(ScoreError::Nothing));
    }
    if let Some([a, b]) = arguments.compare.as_deref() {
        return compare((a, b), &trials, &boards, &rules, &bootstrap, global);
    }
    let entries: Vec<&Entry> = boards.iter().flat_map(|board| &board.entries).collect();
    match global.format {
        Format::Json => output::json(&entries),
        Format::Csv => output::text(&output::csv(&columns(&entries))),
        Format::Text => {
            for board in &boards {
                output::text(&text(board, global.verbose > 0))?;
            }
            let share = 100.0 * bootstrap.confidence;
            output::text(&format!(
                "Score: mean share of workloads within 1 to {} times the fastest. Intervals hold {share} % of {} resamples of\n\
                 the studies; first: how often a submission leads them. Rules: {}; time in {}.\n",
                rules.largest_ratio,
                bootstrap.resamples,
                arguments.rules,
                clock.name()
            ))
        }
    }
}

fn asked(source: ScoreError) -> CliError {
    CliError::Score { path: None, source }
}

fn set_targets(paths: &[PathBuf], least: usize, global: &Global) -> Result<(), CliError> {
    let rows = paths.iter().map(|path| score_sources::rows(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let targets = TargetSetting::all(&rows, least).map_err(asked)?;
    let head = ["workload", "metric", "target", "test", "submission", "point", "repeats", "settings"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for found in &targets {
        table.push(vec![
            found.workload.clone(),
            found.metric.clone(),
            found.validation.to_string(),
            found.test.map_or(String::new(), |test| test.to_string()),
            found.submission.clone(),
            found.point.clone(),
            found.repeats.to_string(),
            found.settings.to_string(),
        ]);
    }
    match global.format {
        Format::Json => output::json(&targets),
        Format::Csv => output::text(&output::csv(&table)),
        Format::Text => output::text(&output::table(&table)),
    }
}

/// Two submissions side by side in every ruleset that has both.
fn compare(
    (a, b): (&str, &str),
    trials: &[Trial],
    boards: &[Leaderboard],
    rules: &Rules,
    bootstrap: &Bootstrap,
    global: &Global,
) -> Result<(), CliError> {
    let takes_part =
        |board: &&Leaderboard| [a, b].iter().all(|name| board.entries.iter().any(|entry| entry.submission == **name));
    let mut rulesets: Vec<&str> = boards.iter().filter(takes_part).map(|board| board.ruleset.as_str()).collect();
    if rulesets.is_empty() {
        // Nobody has both: the error says which one is not known.
        rulesets.extend(boards.first().map(|board| board.ruleset.as_str()));
    }
    let found = rulesets.iter().map(|ruleset| Comparison::new(trials, ruleset, a, b, rules, bootstrap));
    let found = found.collect::<Result<Vec<Comparison>, _>>().map_err(asked)?;
    match global.format {
        Format::Json => output::json(&found),
        Format::Csv => {
            let mut rows = vec![["ruleset", "workload", "study", "time_a", "time_b"].map(str::to_owned).to_vec()];
            for comparison in &found {
                rows.extend(comparison.pairs.iter().map(|pair| {
                    let times = [pair.time_a, pair.time_b].map(|time| time.to_string());
                    let mut row = vec![comparison.ruleset.clone(), pair.workload.clone(), pair.study.to_string()];
                    row.extend(times);
                    row
                }));
            }
            output::text(&output::csv(&rows))
        }
        Format::Text => found.iter().try_for_each(|comparison| output::text(&compared(comparison))),
    }
}

fn compared(found: &Comparison) -> String {
    let (a, b) = (&found.a, &found.b);
    let ratio = match &found.ratio {
        Some(ratio) => format!(
            "where both reach the target {a} takes {:.2} times as long as {b} ({:.2} to {:.2}, {} pairs)",
            ratio.mean, ratio.low, ratio.high, ratio.pairs
        ),
        None => "there is no pair in which both reach the target".to_owned(),
    };
    format!(
        "{}: {a} is faster than {b} in {} of {} pairs, slower in {}, equal in {} (sign test p = {:.3});\n{ratio}.\n",
        found.ruleset,
        found.wins,
        found.pairs.len(),
        found.losses,
        found.ties,
        found.p_value
    )
}

/// Every column, in full precision.
fn columns(entries: &[&Entry]) -> Vec<Vec<String>> {
    let head = ["ruleset", "submission", "rank", "score", "low", "high", "first", "reached", "workloads"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for entry in entries {
        let numbers = [entry.score, entry.low, entry.high, entry.first].map(|number| number.to_string());
        let mut row = vec![entry.ruleset.clone(), entry.submission.clone(), entry.rank.to_string()];
        row.extend(numbers);
        row.extend([entry.reached.to_string(), entry.workloads.to_string()]);
        rows.push(row);
    }
    rows
}

/// A leaderboard for people; in detail with the times to target over the fastest.
fn text(board: &Leaderboard, detail: bool) -> String {
    let mut rows = vec![["", "submission", "score", "interval", "first", "reached"].map(str::to_owned).to_vec()];
    for entry in &board.entries {
        rows.push(vec![
            entry.rank.to_string(),
            entry.submission.clone(),
            format!("{:.4}", entry.score),
            format!("{:.2} to {:.2}", entry.low, entry.high),
            format!("{:.0} %", 100.0 * entry.first),
            format!("{} of {}", entry.reached, entry.workloads),
        ]);
    }
    let mut text = format!("{}\n{}\n", board.ruleset, output::table(&rows));
    if detail {
        let profile = Profile::new(&board.times);
        let mut rows = vec![vec!["time over the fastest".to_owned()]];
        rows[0].extend(board.times.workloads().iter().cloned());
        for entry in &board.entries {
            let found = board.times.submissions().iter().position(|submission| *submission == entry.submission);
            let ratio = |ratio: &f64| if ratio.is_finite() { format!("{ratio:.2}") } else { "–".to_owned() };
            let mut row = vec![entry.submission.clone()];
            row.extend(found.into_iter().flat_map(|index| profile.ratios(index).iter().map(ratio)));
            rows.push(row);
        }
        text.push_str(&output::table(&rows));
        text.push('\n');
    }
    text
}
