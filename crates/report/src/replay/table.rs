use rheostat_control::{Hyperparameter, Turn};

use super::{Replay, Said};
use crate::SummaryOptions;
use crate::chart::{Glyphs, TerminalOptions};
use crate::number::{count, exact, plural, shortened, shortest, unbroken};
use crate::styled::{self, Line, Style};
use crate::summary::{WIDEST, wrapped};

/// Of tests that changed nothing, this many are listed in a terminal.
const QUIET: usize = 6;

impl Replay {
    /// `step,learning_rate,event`: the rate on a row is used by its update, `event` is empty or what was decided after it
    /// (`switch`, `reduce`, `reset`, `restore`, `stop`). Numbers are in the shortest form that reads back as the same.
    pub fn csv(&self) -> String {
        let mut text = "step,learning_rate,event\n".to_owned();
        for (step, rate, event) in self.columns() {
            text.push_str(&format!("{step},{rate},{event}\n"));
        }
        text
    }

    /// The same as an array of flat objects; no event is `null`.
    pub fn json(&self) -> String {
        let rows: Vec<String> = self
            .columns()
            .map(|(step, rate, event)| {
                let rate = if rate.is_empty() { "null" } else { &rate };
                let event = if event.is_empty() { "null".to_owned() } else { format!("\"{event}\"") };
                format!("{{\"step\":{step},\"learning_rate\":{rate},\"event\":{event}}}")
            })
            .collect();
        format!("[\n{}\n]\n", rows.join(",\n"))
    }

    fn columns(&self) -> impl Iterator<Item = (u64, String, &'static str)> + '_ {
        self.rows.iter().map(|row| {
            let rate = row.used.get(Hyperparameter::LearningRate).map(exact).unwrap_or_default();
            (row.step, rate, row.turn.map_or("", Turn::name))
        })
    }

    /// The picture and the decisions with their reasons, for a terminal.
    pub fn text(&self, options: &SummaryOptions) -> String {
        let width = options.width.clamp(40, WIDEST);
        let SummaryOptions { colour, glyphs, .. } = *options;
        let chart = self.chart().terminal(&TerminalOptions { width, height: 9, colour, glyphs });
        let mut lines = vec![Line::new()];
        let quiet = self.decisions.iter().filter(|said| said.turn.is_none()).count();
        let mut left_out = quiet.saturating_sub(QUIET);
        let hidden = left_out;
        for said in &self.decisions {
            if said.turn.is_none() && left_out > 0 {
                left_out -= 1;
                continue;
            }
            lines.extend(row(said, width));
        }
        if hidden > 0 {
            let hidden = plural(hidden as u64, "earlier decision");
            lines.push(Line::text(format!("{hidden} that changed nothing: see the page"), Style::Muted));
        }
        chart + &styled::render(&lines, colour, glyphs == Glyphs::Ascii)
    }
}

/// `after 1,000 updates  switch   0.97 → 0.0149`, and why.
fn row(said: &Said, width: usize) -> Vec<Line> {
    let mut head = Line::text(format!("after {}", plural(said.updates, "update")), Style::Muted);
    if let Some(turn) = said.turn {
        head.push(format!("  {}", turn.name()), Style::Bold);
        head.push(rates(said).map(|rates| format!("  rate {rates}")).unwrap_or_default(), Style::Plain);
    }
    let room = width.saturating_sub(2);
    let why = wrapped(&unbroken(&said.reason), room).into_iter().map(|part| shortened(&part, room));
    std::iter::once(head).chain(why.map(|part| Line::text(format!("  {part}"), Style::Plain))).collect()
}

/// The learning rate before and after a decision that changed it.
pub(super) fn rates(said: &Said) -> Option<String> {
    said.rates
        .filter(|(before, after)| before != after)
        .map(|(before, after)| format!("{} → {}", shortest(before, 3), shortest(after, 3)))
}

pub(super) fn after(said: &Said) -> String {
    count(said.updates)
}
