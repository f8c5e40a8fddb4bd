//! What a controller was told, from a recorded run or a table of losses.

use rheostat_control::{Asks, Change, Hyperparameter, Observation};

use crate::document::{DocumentError, Findings, Origin, Source, nearest};
use crate::{Event, RecordError};

/// What the controller of a run saw, from its [`Run::history`](crate::Run::history).
///
/// Updates come with their loss, NaN where the gradient was not finite; refused ones among them. Evaluations stand where they
/// were told, the one before the first update first. A controller that asks is told of the gradient and of the second moments
/// before the loss, unless the update was refused.
///
/// # Errors
/// [`RecordError::NotRecorded`] if the controller asks for what these events do not hold: a run records how far gradient and
/// parameters moved ([`Event::Change`]) and the second moments ([`Event::Moments`]) only if one of its own controllers asks.
pub fn observations(history: &[Event], asks: Asks) -> Result<Vec<Observation>, RecordError> {
    let mut seen = Vec::with_capacity(history.len());
    let mut within = Within::default();
    for event in history {
        match *event {
            Event::Step { step, loss, gradient_norm, ref hyperparameters, .. } => {
                if loss.is_finite() && gradient_norm.is_finite() {
                    let rate = hyperparameters.get(Hyperparameter::LearningRate.name()).copied().unwrap_or(0.0);
                    within.told(asks, step, rate, gradient_norm, &mut seen)?;
                }
                seen.push(Observation::Step { step, loss: told_loss(loss, gradient_norm) });
            }
            Event::Change { step, rate, gradient_change, parameter_change } => {
                let change = gradient_change.zip(parameter_change);
                let change = change.map(|(gradient, parameters)| Change { gradient, parameters });
                within.change = Some((step, rate, change));
            }
            Event::Moments { step, rate, second_moment } => within.moments = Some((step, rate, second_moment)),
            Event::Skip { step, loss, gradient_norm } => {
                seen.push(Observation::Step { step, loss: told_loss(loss, gradient_norm) });
            }
            Event::Evaluation { step, val_loss, val_metric, .. } => {
                seen.push(Observation::Evaluation { updates: step, loss: val_loss, metric: val_metric });
            }
            Event::Test { .. }
            | Event::ReadOut(_)
            | Event::Decision { .. }
            | Event::Search { .. }
            | Event::Reset { .. }
            | Event::Restore { .. }
            | Event::Checkpoint { .. }
            | Event::Resume { .. }
            | Event::Stop { .. } => {}
        }
    }
    Ok(seen)
}

/// What the lines before that of an update say of it.
#[derive(Default)]
struct Within {
    change: Option<(u64, f64, Option<Change>)>,
    moments: Option<(u64, f64, Option<f64>)>,
}

impl Within {
    /// What a controller was told within update `step`, which was made with gradients of this norm.
    fn told(
        &mut self,
        asks: Asks,
        step: u64,
        rate: f64,
        norm: f64,
        seen: &mut Vec<Observation>,
    ) -> Result<(), RecordError> {
        let missing = |what| RecordError::NotRecorded { what };
        if asks.change {
            let told = self.change.take().filter(|(of, ..)| *of == step);
            let (_, rate, change) = told.ok_or(missing("how far gradient and parameters moved"))?;
            seen.push(Observation::Gradient { step, rate, norm, change });
        } else if asks.gradient {
            seen.push(Observation::Gradient { step, rate, norm, change: None });
        }
        if asks.moments {
            let told = self.moments.take().filter(|(of, ..)| *of == step);
            let (_, rate, second) = told.ok_or(missing("the second moments"))?;
            seen.extend(second.map(|second| Observation::Moments { step, rate, second }));
        }
        Ok(())
    }
}

/// What a controller is told as the loss: NaN where the gradient norm is not finite, for that update was not made, whatever its
/// loss.
pub fn told_loss(loss: f64, gradient_norm: f64) -> f64 {
    if gradient_norm.is_finite() { loss } else { f64::NAN }
}

/// The columns of a table of losses; the first two are needed.
pub const LOSS_COLUMNS: [&str; 4] = ["step", "loss", "val_loss", "val_metric"];

/// After this many findings the rest of a table is not read.
const FINDINGS: usize = 20;

/// Reads a table of losses (CSV) as a controller would have been told them.
///
/// The columns are found by their names, in any order: `step` (from 0, rising by one), `loss`, and where there are any
/// `val_loss` and `val_metric`, the evaluation after that update; where both are empty there was none, where one is, it is NaN.
/// `NaN`, `inf` and `-inf` are numbers. After a loss that is not finite the same step may come again, as it does where such an
/// update is refused. Other columns are left alone, unless their names begin with `val`. `name` is how messages call the table.
///
/// # Errors
/// Columns that are missing, cells that are no numbers, steps that do not rise by one: each with file, line, column and what to do.
pub fn read_losses(name: &str, text: &str) -> Result<Vec<Observation>, DocumentError> {
    let source = Source::new(name, text);
    let mut findings = Findings::default();
    let mut lines = lines(text);
    let header = lines.next().unwrap_or(Line { text: "", start: 0 });
    let table = Table { source, header: header.cells() };
    let columns = table.columns(&header, &mut findings);
    let seen = columns.map(|columns| table.rows(lines, &columns, &mut findings));
    findings.or(seen)
}

/// A line that is not blank, and where it begins.
#[derive(Clone, Copy)]
struct Line<'text> {
    text: &'text str,
    start: usize,
}

/// What stands between two commas, without spaces and quotes around it, and where.
#[derive(Clone, Copy, Default)]
struct Cell<'text> {
    text: &'text str,
    start: usize,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    let all = text.split_inclusive('\n').map(move |line| {
        let begin = start;
        start += line.len();
        // Spreadsheets begin a file with a byte-order mark.
        let text = line.trim_end_matches(['\n', '\r']);
        let bare = if begin == 0 { text.trim_start_matches('\u{feff}') } else { text };
        Line { text: bare, start: begin + text.len() - bare.len() }
    });
    all.filter(|line| !line.text.trim().is_empty())
}

impl<'text> Line<'text> {
    fn cells(self) -> Vec<Cell<'text>> {
        let mut quoted = false;
        let cells = self.text.split(move |letter| {
            quoted ^= letter == '"';
            letter == ',' && !quoted
        });
        let mut start = self.start;
        let cell = |raw: &'text str| {
            let text = raw.trim_start();
            let place = start + raw.len() - text.len();
            start += raw.len() + 1;
            let text = text.trim_end();
            let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
            Cell { text: bare.trim(), start: place }
        };
        cells.map(cell).collect()
    }
}

/// Where the columns stand.
struct Columns {
    step: usize,
    loss: usize,
    val_loss: Option<usize>,
    val_metric: Option<usize>,
}

struct Table<'text> {
    source: std::sync::Arc<Source>,
    header: Vec<Cell<'text>>,
}

impl<'text> Table<'text> {
    fn origin(&self, cell: Cell<'_>) -> Origin {
        Origin { source: self.source.clone(), span: cell.start..cell.start + cell.text.len() }
    }

    fn columns(&self, header: &Line<'_>, findings: &mut Findings) -> Option<Columns> {
        let names: Vec<&str> = self.header.iter().map(|cell| cell.text).collect();
        for (index, cell) in self.header.iter().enumerate() {
            let known = LOSS_COLUMNS.contains(&cell.text);
            if known && names.iter().take(index).any(|name| *name == cell.text) {
                findings.add(&self.origin(*cell), format!("the column {} stands here twice", cell.text), None);
            }
            if !known && cell.text.starts_with("val") {
                let message = format!("{} is no column of a table of losses", cell.text);
                findings.add(&self.origin(*cell), message, nearest(cell.text, &LOSS_COLUMNS));
            }
        }
        let find = |name: &str| names.iter().position(|known| *known == name);
        let whole = Cell { text: header.text, start: header.start };
        let mut needed = |name: &str| {
            let found = find(name);
            if found.is_none() {
                let help = if header.text.trim().is_empty() {
                    Some("the table is empty".to_owned())
                } else {
                    nearest(name, &names)
                };
                findings.add(&self.origin(whole), format!("there is no column {name}"), help);
            }
            found
        };
        let (step, loss) = (needed("step"), needed("loss"));
        Some(Columns { step: step?, loss: loss?, val_loss: find("val_loss"), val_metric: find("val_metric") })
    }

    fn rows(
        &self,
        lines: impl Iterator<Item = Line<'text>>,
        columns: &Columns,
        findings: &mut Findings,
    ) -> Vec<Observation> {
        let mut seen = Vec::new();
        // The step that comes next, and whether the one before may come again.
        let (mut next, mut again) = (0_u64, false);
        let mut found = 0;
        for line in lines {
            if found == FINDINGS {
                break;
            }
            let mut row = Row { table: self, cells: line.cells(), found: Vec::new() };
            let whole = Cell { text: line.text, start: line.start };
            if row.cells.len() != self.header.len() {
                let message = format!("{} cells in a table of {} columns", row.cells.len(), self.header.len());
                findings.add(&self.origin(whole), message, None);
                found += 1;
                continue;
            }
            let step = row.step(columns.step);
            let loss = row.number(columns.loss);
            let evaluation = (row.optional(columns.val_loss), row.optional(columns.val_metric));
            if let Some(step) = step {
                if step != next && !(again && step.checked_add(1) == Some(next)) {
                    let help = "steps are updates, counted from 0 and rising by one".to_owned();
                    row.add(columns.step, format!("step {step} where {next} is next"), help);
                }
                next = step.saturating_add(1);
                again = loss.is_some_and(|loss| !loss.is_finite());
                seen.extend(loss.map(|loss| Observation::Step { step, loss }));
                if evaluation.0.is_some() || evaluation.1.is_some() {
                    let (loss, metric) = (evaluation.0.unwrap_or(f64::NAN), evaluation.1.unwrap_or(f64::NAN));
                    seen.push(Observation::Evaluation { updates: next, loss, metric });
                }
            }
            for (cell, message, help) in row.found {
                findings.add(&self.origin(cell), message, Some(help));
                found += 1;
            }
        }
        if seen.is_empty() && found == 0 {
            let end = Cell { text: "", start: self.source.text.len() };
            findings.add(&self.origin(end), "the table has no row", None);
        }
        seen
    }
}

struct Row<'table, 'text> {
    table: &'table Table<'text>,
    cells: Vec<Cell<'text>>,
    found: Vec<(Cell<'text>, String, String)>,
}

impl<'text> Row<'_, 'text> {
    fn cell(&self, column: usize) -> Cell<'text> {
        self.cells.get(column).copied().unwrap_or_default()
    }

    fn add(&mut self, column: usize, message: String, help: String) {
        self.found.push((self.cell(column), message, help));
    }

    fn wrong(&mut self, column: usize, help: &str) {
        let name = self.table.header.get(column).map_or("", |cell| cell.text);
        let value = self.cell(column).text;
        let message =
            if value.is_empty() { format!("{name} is empty") } else { format!("{name} = {value} is no number") };
        self.add(column, message, help.to_owned());
    }

    fn step(&mut self, column: usize) -> Option<u64> {
        let parsed = self.cell(column).text.parse().ok();
        if parsed.is_none() {
            self.wrong(column, "a step is a whole number, from 0");
        }
        parsed
    }

    fn number(&mut self, column: usize) -> Option<f64> {
        let parsed = self.cell(column).text.parse().ok();
        if parsed.is_none() {
            self.wrong(column, "numbers are 0.25, 2.5e-1, NaN, inf or -inf");
        }
        parsed
    }

    fn optional(&mut self, column: Option<usize>) -> Option<f64> {
        column.filter(|column| !self.cell(*column).text.is_empty()).and_then(|column| self.number(column))
    }
}
