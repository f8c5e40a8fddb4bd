use super::Study;
use super::clock::Clock;
use super::field::{Field, Workload};
use super::finding::{self, often};
use crate::markdown::escaped;
use crate::number::{capital, short, spoken};

/// The leaderboards and the times to the targets, in GitHub's Markdown.
pub fn markdown(study: &Study<'_>) -> String {
    let mut text = format!("**{}**\n", escaped(&finding::headline(study)));
    let subline = finding::subline(study);
    if !subline.is_empty() {
        text += &format!("\n{}\n", escaped(&subline));
    }
    for warning in finding::warnings(study) {
        text += &format!("\n> ⚠ {}\n", escaped(&warning));
    }
    for field in &study.fields {
        if study.fields.len() > 1 {
            text += &format!("\n## {}\n", escaped(&capital(&spoken(field.ruleset))));
        }
        for clock in study.clocks() {
            // With one workload the times say more than the scores.
            let parts = [leaderboard(study, field, clock), matrix(field, clock)];
            let order: [usize; 2] = if field.workloads.len() == 1 { [1, 0] } else { [0, 1] };
            order.iter().for_each(|part| text += &parts[*part]);
        }
    }
    text
}

fn leaderboard(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> String {
    let Some(board) = study.contest(clock, field.ruleset) else { return String::new() };
    let mut text = format!("\nScores by {}:\n\n", clock.spoken());
    text += "| Rank | Submission | Score | Interval | First | Targets met |\n|--:|---|--:|--:|--:|--:|\n";
    for entry in &board.entries {
        let (interval, first) = match field.single() {
            true => ("–".to_owned(), "–".to_owned()),
            false => (format!("{:.2}–{:.2}", entry.low, entry.high), often(entry.first)),
        };
        text += &format!(
            "| {} | {} | {:.3} | {interval} | {} | {} of {} |\n",
            entry.rank,
            escaped(&entry.submission),
            entry.score,
            escaped(&first).replace("&lt;", "<").replace("&gt;", ">"),
            entry.reached,
            entry.workloads
        );
    }
    text
}

fn matrix(field: &Field<'_>, clock: Clock) -> String {
    let mut text =
        format!("\n{} to the target, median and range over studies:\n\n| Submission |", capital(clock.spoken()));
    for workload in &field.workloads {
        text += &format!(" {}, {} |", escaped(workload.name), escaped(&workload.goal()));
    }
    text += &format!("\n|---|{}\n", "--:|".repeat(field.workloads.len()));
    for name in &field.submissions {
        text += &format!("| {} |", escaped(name));
        for workload in &field.workloads {
            text += &format!(" {} |", of(field, name, workload, clock));
        }
        text.push('\n');
    }
    text
}

fn of(field: &Field<'_>, submission: &str, workload: &Workload<'_>, clock: Clock) -> String {
    let Some(times) = field.times(submission, workload.name, clock) else { return "not run".to_owned() };
    let studies = times.counted.len();
    if times.median.is_infinite() {
        let best = field.best(workload, field.trials(submission, workload.name));
        let best = best.map(|best| format!(", best {}", short(best))).unwrap_or_default();
        return format!("missed ({} of {studies}{best})", times.reached);
    }
    let median = clock.bare(times.median);
    let fastest = times.median == field.fastest(workload.name, clock) && field.submissions.len() > 1;
    let median = if fastest { format!("**{median}**") } else { median };
    match (studies, times.reached) {
        (1, _) => median,
        (_, reached) if reached == studies => format!("{median} ({})", clock.range(times.low, times.high)),
        (_, reached) => format!("{median} ({}; {reached} of {studies})", clock.range(times.low, times.high)),
    }
}
