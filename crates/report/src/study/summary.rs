use super::Study;
use super::clock::Clock;
use super::field::{Field, Workload};
use super::finding::{self, often};
use super::list;
use crate::SummaryOptions;
use crate::chart::Glyphs;
use crate::number::{capital, plural, short, shortened, spoken, unbroken};
use crate::styled::{self, Line, Style};
use crate::summary::{WIDEST, wrapped};

/// More failures than this are counted, not listed.
const FAILURES: usize = 8;
/// A workload's column.
const COLUMN: usize = 21;
const GAUGE: usize = 21;

/// What a terminal shows of a study: the finding, scores with their intervals, times to the targets, and what failed.
pub fn summary(study: &Study<'_>, options: &SummaryOptions) -> String {
    let width = options.width.clamp(40, WIDEST);
    let mut lines = vec![head(study, width)];
    let met = study.rows.iter().any(|row| study.clock().time(row).is_finite());
    let style = if met { Style::Good } else { Style::Bad };
    lines.extend(paragraph(&finding::headline(study), if met { "✔ " } else { "✘ " }, style, width));
    lines.extend(paragraph(&finding::subline(study), "  ", Style::Plain, width));
    for warning in finding::warnings(study) {
        lines.extend(paragraph(&warning, "! ", Style::Warn, width));
    }
    for field in &study.fields {
        if study.fields.len() > 1 {
            lines.extend([Line::new(), Line::text(shortened(&capital(&spoken(field.ruleset)), width), Style::Bold)]);
        }
        let board = leaderboard(study, field, width);
        let times = study.clocks().into_iter().flat_map(|clock| matrix(study, field, clock, width));
        // With one workload the times say more than the scores.
        if field.workloads.len() == 1 {
            lines.extend(times);
            lines.extend(board);
        } else {
            lines.extend(board);
            lines.extend(times);
        }
    }
    lines.extend(failures(study, width));
    styled::render(&lines, options.colour, options.glyphs == Glyphs::Ascii)
}

fn head(study: &Study<'_>, width: usize) -> Line {
    let there = study.rows.len();
    let trials = match study.planned {
        planned if planned > there => format!("{there} of {}", plural(planned as u64, "trial")),
        _ => plural(there as u64, "trial"),
    };
    let mut line = Line::text(shortened(study.name, width.saturating_sub(trials.len() + 2)), Style::Bold);
    line.pad(width - trials.chars().count());
    line.push(trials, if study.planned > there { Style::Warn } else { Style::Muted });
    line
}

/// Words with a sign before the first line. A word longer than a line is cut.
fn paragraph(text: &str, sign: &str, style: Style, width: usize) -> Vec<Line> {
    if text.is_empty() {
        return Vec::new();
    }
    let parts = wrapped(&unbroken(text), width - 2);
    let line = |(index, part): (usize, &String)| {
        Line::text(if index == 0 { sign } else { "  " }, style).with(shortened(part, width - 2), style)
    };
    parts.iter().enumerate().map(line).collect()
}

fn leaderboard(study: &Study<'_>, field: &Field<'_>, width: usize) -> Vec<Line> {
    let clock = study.clock();
    let Some(board) = study.contest(clock, field.ruleset) else { return Vec::new() };
    // Beside the names stand rank, score, first and targets; then the interval and its picture, where there is room.
    let (interval, gauge) = (width >= 52, width >= 36 + GAUGE + 1 + 14);
    let room = width - 26 - if interval { 10 } else { 0 } - if gauge { GAUGE + 1 } else { 0 };
    let title = format!("by {}", in_brief(clock));
    let name = widest(field).clamp(10, room);
    let mut head = Line::text(format!("    {title:<name$}"), Style::Muted);
    if gauge {
        head.push(format!(" 0{:>width$}", 1, width = GAUGE - 1), Style::Muted);
    }
    head.push(" score", Style::Muted);
    head.push(if interval { "  interval" } else { "" }, Style::Muted);
    head.push("  first  targets", Style::Muted);
    let mut lines = vec![Line::new(), head];
    for entry in &board.entries {
        let colour = Style::Colour(study.colour(&entry.submission));
        let style = if entry.rank == 1 { Style::Bold } else { Style::Plain };
        let mut line = Line::text(format!("{:>3} ", entry.rank), Style::Muted);
        line.push(format!("{:<name$}", shortened(&entry.submission, name)), style);
        if gauge {
            line.push(" ", Style::Plain);
            pins(&mut line, entry, field.single(), colour);
        }
        line.push(format!(" {:.3}", entry.score), style);
        let (ends, first) = match field.single() {
            true => (String::new(), String::new()),
            false => (format!("{:.2}–{:.2}", entry.low, entry.high), often(entry.first)),
        };
        line.push(if interval { format!(" {ends:>9}") } else { String::new() }, Style::Plain);
        line.push(format!(" {first:>6} {:>8}", format!("{} of {}", entry.reached, entry.workloads)), Style::Plain);
        lines.push(line);
    }
    lines
}

/// A score and its interval between 0 and 1.
fn pins(line: &mut Line, entry: &rheostat_score::Entry, single: bool, style: Style) {
    let place = |value: f64| (value.clamp(0.0, 1.0) * (GAUGE - 1) as f64).round() as usize;
    let (at, low, high) = (place(entry.score), place(entry.low), place(entry.high));
    for column in 0..GAUGE {
        match column {
            _ if column == at => line.push("●", style),
            _ if !single && (low..=high).contains(&column) => line.push("━", style),
            _ => line.push("·", Style::Muted),
        }
    }
}

/// Times of every submission on every workload, in as many blocks of columns as the width takes.
fn matrix(study: &Study<'_>, field: &Field<'_>, clock: Clock, width: usize) -> Vec<Line> {
    let most = (width - COLUMN - 5).clamp(15, 28);
    let name = widest(field).clamp(17.min(most), most);
    let columns = ((width - name - 4) / COLUMN).max(1);
    let mut lines = Vec::new();
    for block in field.workloads.chunks(columns) {
        let title = format!("{} to target", in_brief(clock));
        let mut head = Line::text(format!("    {:<name$}", shortened(&title, name)), Style::Muted);
        let mut goals = Line::text(" ".repeat(name + 4), Style::Muted);
        for workload in block {
            head.push(format!("{:>COLUMN$}", shortened(workload.name, COLUMN - 2)), Style::Muted);
            goals.push(format!("{:>COLUMN$}", shortened(&workload.goal(), COLUMN - 2)), Style::Muted);
        }
        lines.extend([Line::new(), head, goals]);
        let cells = |submission: &&str| block.iter().map(|workload| of(field, submission, workload, clock)).collect();
        let cells: Vec<Vec<(String, String, Style)>> = field.submissions.iter().map(cells).collect();
        for (submission, row) in field.submissions.iter().zip(&cells) {
            let mut line = Line::text("  ● ", Style::Colour(study.colour(submission)));
            line.push(format!("{:<name$}", shortened(submission, name)), Style::Plain);
            for (column, (median, spread, style)) in row.iter().enumerate() {
                let widest = |of: fn(&(String, String, Style)) -> &str| {
                    cells.iter().map(|row| of(&row[column]).chars().count()).max().unwrap_or(0)
                };
                let (medians, spreads) = (widest(|cell| &cell.0), widest(|cell| &cell.1));
                // Medians stand below each other, unless one is too long for that.
                let length = spread.chars().count();
                let after = if medians + spreads < COLUMN { spreads - length } else { 0 };
                line.push(" ".repeat(COLUMN.saturating_sub(median.chars().count() + length + after)), Style::Plain);
                line.push(median, *style);
                line.push(spread, Style::Muted);
                line.push(" ".repeat(after), Style::Plain);
            }
            lines.push(line);
        }
    }
    lines
}

/// The median and, in few letters, how it spreads.
fn of(field: &Field<'_>, submission: &str, workload: &Workload<'_>, clock: Clock) -> (String, String, Style) {
    let Some(times) = field.times(submission, workload.name, clock) else {
        return ("not run".to_owned(), String::new(), Style::Muted);
    };
    let studies = times.counted.len();
    if times.median.is_infinite() {
        let best = field.best(workload, field.trials(submission, workload.name)).map(short).unwrap_or_default();
        let spread = match (times.reached, best.as_str()) {
            (0, "") => String::new(),
            (0, best) => format!(" at {best}"),
            (reached, _) => format!(" {reached} of {studies}"),
        };
        return ("missed".to_owned(), spread, Style::Bad);
    }
    let fastest = times.median == field.fastest(workload.name, clock) && field.submissions.len() > 1;
    let median = clock.bare(times.median);
    let range = clock.range(times.low, times.high).replace(" s", "");
    let spread = match studies {
        _ if times.reached < studies => format!(" {} of {studies}", times.reached),
        1 => String::new(),
        _ if median.chars().count() + range.chars().count() + 2 > COLUMN => String::new(),
        _ => format!(" {range}"),
    };
    (median, spread, if fastest { Style::Bold } else { Style::Plain })
}

fn failures(study: &Study<'_>, width: usize) -> Vec<Line> {
    let all = list::failures(study);
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::new(), Line::text(plural(all.len() as u64, "failure"), Style::Bad)];
    for row in all.iter().take(FAILURES) {
        let why = if row.why.is_empty() { String::new() } else { format!(": {}", row.why) };
        let text = format!(
            "{} on {}, study {}, trial {}: {}{why}",
            row.submission,
            row.workload,
            row.study,
            row.trial,
            list::ended(row)
        );
        lines.extend(paragraph(&text, "  ", Style::Plain, width));
    }
    if all.len() > FAILURES {
        lines.push(Line::text(format!("  and {} more", all.len() - FAILURES), Style::Muted));
    }
    lines
}

fn in_brief(clock: Clock) -> &'static str {
    match clock {
        Clock::Seconds => "time",
        clock => clock.spoken(),
    }
}

fn widest(field: &Field<'_>) -> usize {
    field.submissions.iter().map(|name| name.chars().count()).max().unwrap_or(0)
}
