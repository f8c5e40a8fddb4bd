use std::path::Path;

use rheostat_score::{Bootstrap, Entry, Leaderboard, Profile, Rules, ScoreError, Trial, read_results};

use crate::arguments::{Format, Global, Score};
use crate::error::CliError;
use crate::output;

pub(crate) fn run(arguments: &Score, global: &Global) -> Result<(), CliError> {
    let rules = Rules::named(&arguments.rules).map_err(|source| CliError::Score { path: None, source })?;
    let mut trials = Vec::new();
    for path in &arguments.paths {
        trials.extend(read(path)?);
    }
    let bootstrap = Bootstrap { resamples: arguments.resamples, ..Bootstrap::default() };
    let boards = Leaderboard::all_with(&trials, &rules, &bootstrap);
    if boards.is_empty() {
        return Err(CliError::Score { path: None, source: ScoreError::Nothing });
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
                 the studies; first: how often a submission leads them. Rules: {}.\n",
                rules.largest_ratio, bootstrap.resamples, arguments.rules
            ))
        }
    }
}

fn read(path: &Path) -> Result<Vec<Trial>, CliError> {
    let text = std::fs::read_to_string(path).map_err(CliError::reading(path))?;
    read_results(&text).map_err(|source| CliError::Score { path: Some(path.to_owned()), source })
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
