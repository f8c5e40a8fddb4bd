use super::trials::{Group, Sweep, Swept};
use super::words::{self, Digits};
use crate::SummaryOptions;
use crate::chart::Glyphs;
use crate::number::{capital, shortened, spoken};
use crate::study::Study;
use crate::styled::{self, Line, Style};
use crate::summary::{WIDEST, wrapped};

/// Between columns, and for the letter after a number.
const GAP: usize = 2;
const MARK: usize = 2;

/// What a terminal shows of the sweeps of a study: for each workload what came out of every submission at every value, the best
/// of each, and where it converged. Nothing if no trial has a point to be swept along; without the table if a submission has
/// more than 24 values.
pub fn sweep_summary(study: &Study<'_>, options: &SummaryOptions) -> String {
    let width = options.width.clamp(40, WIDEST);
    let mut lines = Vec::new();
    for field in &study.fields {
        for sweep in Sweep::all(field) {
            let under = if study.fields.len() > 1 { format!(", {}", spoken(field.ruleset)) } else { String::new() };
            let title = capital(&format!("{}{under}", words::title(&sweep)));
            if !lines.is_empty() {
                lines.push(Line::new());
            }
            lines.extend(wrapped(&title, width).iter().map(|part| Line::text(shortened(part, width), Style::Bold)));
            if sweep.is_grid() {
                lines.extend(table(study, &sweep, width));
            }
            lines.push(Line::new());
            for swept in &sweep.submissions {
                let text = format!("{}: {}; {}", swept.submission, words::best(&sweep, swept), words::converged(swept));
                let colour = Style::Colour(study.colour(swept.submission));
                lines.extend(paragraph(&text, Line::text("  ● ", colour), Style::Plain, width));
            }
            lines.extend(paragraph(&words::note(&sweep), Line::text("    ", Style::Plain), Style::Muted, width));
        }
    }
    if !lines.is_empty() {
        lines.push(Line::new());
        lines.extend(paragraph(words::DEFINITIONS, Line::new(), Style::Muted, width));
    }
    styled::render(&lines, options.colour, options.glyphs == Glyphs::Ascii)
}

/// Words after a sign. A word longer than a line is cut.
fn paragraph(text: &str, sign: Line, style: Style, width: usize) -> Vec<Line> {
    let indent = sign.width();
    let mut sign = Some(sign);
    let line = |part: &String| {
        let mut line = sign.take().unwrap_or_default();
        line.pad(indent);
        line.push(shortened(part, width - indent), style);
        line
    };
    wrapped(text, width - indent).iter().map(line).collect()
}

/// What stands in a cell: a number, and how it is told from the others without colour.
struct Cell {
    number: String,
    mark: &'static str,
    style: Style,
}

/// In as many blocks of columns as the width takes.
fn table(study: &Study<'_>, sweep: &Sweep<'_>, width: usize) -> Vec<Line> {
    let (values, digits) = (sweep.values(), Digits::of(sweep));
    let cells: Vec<Vec<Cell>> =
        sweep.submissions.iter().map(|swept| values.iter().map(|x| cell(swept, *x, digits)).collect()).collect();
    let numbers = cells.iter().flatten().map(|cell| cell.number.chars().count());
    let heads = values.iter().map(|x| words::told(*x).chars().count());
    let number = numbers.chain(heads).max().unwrap_or(0);
    let column = GAP + number + MARK;
    let names = sweep.submissions.iter().map(|swept| swept.submission.chars().count());
    let widest = names.chain([sweep.axis.chars().count()]).max().unwrap_or(0);
    let name = widest.clamp(8, (width - 4).saturating_sub(column).clamp(8, 28));
    let most = ((width - 4 - name) / column).max(1);
    // Blocks of about the same width.
    let block = values.len().div_ceil(values.len().div_ceil(most).max(1)).max(1);
    let mut lines = Vec::new();
    for begin in (0..values.len()).step_by(block) {
        let columns = begin..(begin + block).min(values.len());
        let mut head = Line::text(format!("    {:<name$}", shortened(&sweep.axis, name)), Style::Muted);
        for x in &values[columns.clone()] {
            head.push(format!("{:>at$}{:MARK$}", words::told(*x), "", at = GAP + number), Style::Muted);
        }
        lines.extend([Line::new(), head]);
        for (swept, cells) in sweep.submissions.iter().zip(&cells) {
            let mut line = Line::text("  ● ", Style::Colour(study.colour(swept.submission)));
            line.push(format!("{:<name$}", shortened(swept.submission, name)), Style::Plain);
            for cell in &cells[columns.clone()] {
                line.push(" ".repeat(GAP + number - cell.number.chars().count()), Style::Plain);
                line.push(&cell.number, cell.style);
                line.push(format!("{:>MARK$}", cell.mark), Style::Muted);
            }
            lines.push(line);
        }
    }
    let here = |mark: &str| cells.iter().flatten().any(|cell| cell.mark == mark);
    let marks = [("*", "best of the submission, by validation"), ("d", "diverged"), ("u", "under-fit")];
    let marks = marks.iter().filter(|(mark, _)| here(mark)).map(|(mark, words)| format!("{mark} {words}"));
    let marks = marks.collect::<Vec<_>>().join(", ");
    if !marks.is_empty() {
        lines.extend(paragraph(&marks, Line::text("    ", Style::Plain), Style::Muted, width));
    }
    lines
}

fn cell(swept: &Swept<'_>, x: f64, digits: Digits) -> Cell {
    let Some(place) = swept.at(x) else { return Cell { number: String::new(), mark: "", style: Style::Plain } };
    let best = swept.best().is_some_and(|best| best.x == x);
    let (mark, style) = match place.group() {
        _ if best => ("*", Style::Bold),
        Group::Converged => ("", Style::Plain),
        Group::UnderFit => ("u", Style::Muted),
        Group::Diverged => ("d", Style::Bad),
    };
    Cell { number: place.outcome().map_or("–".to_owned(), |outcome| digits.told(outcome)), mark, style }
}
