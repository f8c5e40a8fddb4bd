use rheostat_record::{Run, Status};

use crate::chart::{Axis, Chart, Glyphs, Level, Look, Panel, Scale, Series, TerminalOptions};
use crate::number::{count, duration, percent, plural, short, shortened, spoken, unbroken};
use crate::styled::{self, Line, Style};
use crate::view::{Verdict, View, smoothed, window};
use crate::words;

/// How a summary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to write colours.
    pub colour: bool,
    /// What plots are made of; [`Glyphs::Ascii`] keeps the whole summary in ASCII.
    pub glyphs: Glyphs,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        Self { width: 80, colour: false, glyphs: Glyphs::Braille }
    }
}

const ROWS: usize = 8;
const GUTTER: usize = 3;
/// Plots narrower than this show nothing.
const NARROWEST: usize = 34;
/// Wide terminals are not filled: a summary is read, not scanned.
pub(crate) const WIDEST: usize = 120;

/// What a terminal shows at the end of a run: what became of the target, scores, loss and learning rate as plots, and what it cost.
pub fn summary(run: &Run, options: &SummaryOptions) -> String {
    let view = View::new(run);
    let width = options.width.clamp(40, WIDEST);
    let mut lines = vec![head(&view, width)];
    lines.extend(verdict(&view, width));
    let scores = scores(&view, width);
    if !scores.is_empty() {
        lines.push(Line::new());
        lines.extend(scores);
    }
    let plots = plots(&view, width, options);
    if !plots.is_empty() {
        lines.push(Line::new());
        lines.extend(plots);
    }
    lines.push(Line::new());
    lines.extend(costs(&view, width));
    styled::render(&lines, options.colour, options.glyphs == Glyphs::Ascii)
}

fn head(view: &View<'_>, width: usize) -> Line {
    let manifest = &view.run.manifest;
    let status = words::status(view.status());
    let room = width.saturating_sub(status.chars().count() + 2);
    let workload = shortened(&manifest.workload, room);
    let mut line = Line::text(&workload, Style::Bold);
    let methods: Vec<String> = [view.method("optimizer"), view.method("learning_rate")]
        .into_iter()
        .filter(|method| !method.is_empty())
        .collect();
    let methods = methods.join(" · ");
    if !methods.is_empty() && line.width() + 2 + methods.chars().count() <= room {
        line.push(format!("  {methods}"), Style::Muted);
    }
    line.pad(width - status.chars().count());
    let style = match view.status() {
        Some(Status::Diverged) => Style::Bad,
        Some(Status::Finished | Status::TargetMet) => Style::Muted,
        _ => Style::Warn,
    };
    line.push(status, style);
    line
}

fn verdict(view: &View<'_>, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(verdict) = words::verdict(view) {
        let (sign, style) = match (view.verdict, view.status()) {
            (Verdict::Met { .. }, _) => ("✔ ", Style::Good),
            (_, None | Some(Status::Interrupted)) => ("· ", Style::Warn),
            _ => ("✘ ", Style::Bad),
        };
        for (index, part) in wrapped(&unbroken(&verdict), width - 2).into_iter().enumerate() {
            lines.push(Line::text(if index == 0 { sign } else { "  " }, style).with(part, style));
        }
    }
    for part in words::non_finite_losses(view).iter().flat_map(|words| wrapped(words, width)) {
        lines.push(Line::text(part, Style::Bad));
    }
    lines
}

fn scores(view: &View<'_>, width: usize) -> Vec<Line> {
    let mut metric: Vec<(String, Style)> = Vec::new();
    let mut loss: Vec<(String, Style)> = Vec::new();
    let end = if view.status().is_some() { "at the end" } else { "so far" };
    if let (Some(best), Some(last)) = (view.best, view.last)
        && best.step == last.step
    {
        metric.push((format!("{} {end}, its best", short(last.metric)), Style::Bold));
        loss.push((format!("{} {end}", short(last.loss)), Style::Plain));
    } else if let Some(best) = view.best {
        metric.push((format!("{} at best, after {}", short(best.metric), plural(best.step, "update")), Style::Bold));
        loss.push((format!("{} then", short(best.loss)), Style::Plain));
    }
    if let Some(last) = view.last.filter(|last| view.best.is_none_or(|best| best.step != last.step)) {
        metric.push((format!("{} {end}", short(last.metric)), Style::Plain));
        loss.push((format!("{} {end}", short(last.loss)), Style::Plain));
    }
    if let Some(test) = view.test {
        metric.push((format!("{} on test data", short(test.metric)), Style::Plain));
        loss.push((format!("{} on test data", short(test.loss)), Style::Plain));
    }
    let mut lines = Vec::new();
    let mut names = [view.metric(), "val loss".to_owned()].map(|name| shortened(&name, 16));
    if view.metric_is_loss() {
        names.rotate_left(1);
        loss.clear();
    }
    let indent = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(8);
    for (name, parts) in names.into_iter().zip([metric, loss]).filter(|(_, parts)| !parts.is_empty()) {
        lines.extend(row(&name, indent, parts, width));
    }
    lines
}

/// A name and what there is to say of it, on as many lines as it takes.
fn row(name: &str, indent: usize, parts: Vec<(String, Style)>, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = Line::text(format!("{name:<indent$}  "), Style::Muted);
    let mut first = true;
    let room = width.saturating_sub(indent + 2);
    let parts = parts.into_iter().flat_map(|(text, style)| {
        let long = text.chars().count() > room;
        let pieces = if long { wrapped(&text, room) } else { vec![text] };
        pieces.into_iter().map(move |piece| (piece, style))
    });
    for (text, style) in parts {
        let needed = text.chars().count() + if first { 0 } else { 3 };
        if !first && line.width() + needed > width {
            lines.push(std::mem::replace(&mut line, Line::text(" ".repeat(indent + 2), Style::Plain)));
            first = true;
        }
        if !first {
            line.push(" · ", Style::Muted);
        }
        line.push(text, style);
        first = false;
    }
    lines.push(line);
    lines
}

/// Plots side by side, as many as fit.
fn plots(view: &View<'_>, width: usize, options: &SummaryOptions) -> Vec<Line> {
    if view.updates.is_empty() {
        return Vec::new();
    }
    let mut charts = vec![loss(view)];
    charts.extend(learning_rate(view));
    if view.evaluations.len() > 1 && (charts.len() == 1 || (width + GUTTER) / (NARROWEST + GUTTER) >= 3) {
        charts.push(metric(view));
    }
    let columns = ((width + GUTTER) / (NARROWEST + GUTTER)).clamp(1, charts.len());
    let each = (width + GUTTER) / columns - GUTTER;
    let plot = TerminalOptions { width: each, height: ROWS, colour: options.colour, glyphs: options.glyphs };
    let mut lines = Vec::new();
    for (index, row) in charts.chunks(columns).enumerate() {
        if index > 0 {
            lines.push(Line::new());
        }
        let blocks: Vec<Vec<Line>> = row.iter().map(|chart| chart.plot(&plot)).collect();
        let height = blocks.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut whole = Line::new();
            for (column, block) in blocks.iter().enumerate() {
                whole.pad(column * (each + GUTTER));
                whole.append(block.get(line).cloned().unwrap_or_default());
            }
            lines.push(whole);
        }
    }
    lines
}

fn loss(view: &View<'_>) -> Chart {
    let smooth = smoothed(&view.losses, window(view.losses.len()));
    let mean = Series::new("", view.updates.iter().copied().zip(smooth)).colour(0);
    // Gaps of the mean are no news; where single losses were not finite is.
    let odd = view.updates.iter().zip(&view.losses).filter(|(_, loss)| !loss.is_finite());
    let crosses = Series::new("", odd.map(|(update, _)| (*update, f64::NAN))).crosses();
    let axis = Axis::new("training loss").scale(Scale::Auto);
    Chart::new("", updates(view)).panel(Panel::new(axis).series(mean).series(crosses))
}

/// As far as the run went, so that its end has a place.
fn updates(view: &View<'_>) -> Axis {
    Axis::new("").whole().through(view.reached())
}

fn learning_rate(view: &View<'_>) -> Option<Chart> {
    let name = "learning_rate";
    let values = view.hyperparameters.get(name)?;
    let series = Series::new("", view.updates.iter().copied().zip(values.iter().copied())).colour(1);
    let axis = Axis::new(spoken(name)).scale(Scale::Auto);
    Some(Chart::new("", updates(view)).panel(Panel::new(axis).series(series)))
}

fn metric(view: &View<'_>) -> Chart {
    let points = view.evaluations.iter().map(|evaluation| (evaluation.step as f64, evaluation.metric));
    let series = Series::new("", points).colour(2).look(Look::Dots);
    let mut panel = Panel::new(Axis::new(format!("validation {}", view.metric()))).series(series);
    if let Some(target) = &view.target {
        panel = panel.level(Level::new(format!("target {}", short(target.value)), target.value));
    }
    Chart::new("", updates(view)).panel(panel)
}

fn costs(view: &View<'_>, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(result) = &view.run.result else {
        let budget = count(view.run.manifest.budget_steps);
        lines.push(named("work", format!("{} of {budget}", plural(view.steps(), "update"))));
        lines.push(path(view));
        return lines;
    };
    let accounts = [
        ("training", result.train_seconds, '█', Style::Colour(0)),
        ("evaluation", result.eval_seconds, '▓', Style::Colour(4)),
        ("recording", result.record_seconds, '░', Style::Colour(7)),
    ];
    let total: f64 = accounts.iter().map(|account| account.1.max(0.0)).sum();
    if total > 0.0 && total.is_finite() {
        let words = format!(" {}", duration(total));
        let room = width - 10 - words.chars().count();
        let mut bar = Line::text(format!("{:<10}", "time"), Style::Muted);
        let (mut sum, mut drawn) = (0.0, 0);
        for (_, seconds, block, style) in accounts {
            sum += seconds.max(0.0);
            let end = ((sum / total) * room as f64).round() as usize;
            bar.push(block.to_string().repeat(end.saturating_sub(drawn)), style);
            drawn = end.max(drawn);
        }
        bar.push(words, Style::Plain);
        lines.push(bar);
        let mut parts = Vec::new();
        for (name, seconds, _, style) in accounts {
            parts.push((format!("{name} {} ({})", duration(seconds), percent(seconds, total)), style));
        }
        lines.extend(row("", 8, parts, width));
    }
    let mut work = vec![(format!("{} kept", plural(result.steps_kept, "update")), Style::Plain)];
    if result.steps_spent != result.steps_kept {
        work.push((format!("{} spent", count(result.steps_spent)), Style::Plain));
    }
    work.push((plural(result.forwards, "forward"), Style::Plain));
    work.push((plural(result.backwards, "backward"), Style::Plain));
    lines.extend(row("work", 8, work, width));
    if let Some((each, outcomes)) = words::searches(view) {
        let parts = std::iter::once(format!("{each} more losses an update")).chain(outcomes);
        lines.extend(row("search", 8, parts.map(|part| (part, Style::Plain)).collect(), width));
    }
    lines.push(path(view));
    lines
}

fn named(name: &str, text: String) -> Line {
    Line::text(format!("{name:<10}"), Style::Muted).with(text, Style::Plain)
}

/// Where the run is. Never cut: it is there to be copied.
fn path(view: &View<'_>) -> Line {
    named("in", view.run.path.display().to_string())
}

/// Text broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
