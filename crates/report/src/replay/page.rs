use askama::Template;

use super::{Replay, Said, panels, table};
use crate::ReportError;
use crate::chart::Series;
use crate::html::{Charted, Shown, style};
use crate::number::{capital, plural, unbroken};

#[derive(Template)]
#[template(path = "replay.html")]
struct Page {
    title: String,
    about: String,
    style: String,
    script: &'static str,
    shown: Shown,
    rows: Vec<Row>,
    left_out: usize,
    program: String,
}

struct Row {
    after: String,
    what: String,
    rates: String,
    why: String,
}

/// Decisions that a page lists.
const ROWS: usize = 400;

impl Replay {
    /// A page with the pictures and every decision with its reason: self-contained, for light and dark. `name` says whose losses
    /// they are, `program` what made the page.
    ///
    /// # Errors
    /// [`ReportError::Page`], which no replay is known to bring about.
    pub fn html(&self, name: &str, program: &str) -> Result<String, ReportError> {
        // What changed the course is listed before what did not.
        let turns = self.decisions.iter().filter(|said| said.turn.is_some()).count();
        let mut quiet = ROWS.saturating_sub(turns);
        let listed: Vec<&Said> = self
            .decisions
            .iter()
            .filter(|said| {
                let listed = said.turn.is_some() || quiet > 0;
                quiet = quiet.saturating_sub(usize::from(said.turn.is_none()));
                listed
            })
            .take(ROWS)
            .collect();
        let row = |said: &&Said| Row {
            after: table::after(said),
            what: said.turn.map(|turn| capital(turn.name())).unwrap_or_default(),
            rates: said.turn.and_then(|_| table::rates(said)).unwrap_or_default(),
            why: unbroken(&said.reason),
        };
        let page = Page {
            title: unbroken(&self.title()),
            about: format!("{name} · {} replayed, nothing trained", plural(self.rows.len() as u64, "update")),
            style: style(),
            script: include_str!("../../templates/script.js"),
            shown: self.shown("figure", panels::parts(self)),
            left_out: self.decisions.len() - listed.len(),
            rows: listed.iter().map(row).collect(),
            program: program.to_owned(),
        };
        Ok(page.render()?)
    }

    /// What the controller looked at, for the page of a run that shows the rest already; `id` begins the identities of its elements.
    pub(crate) fn explanation(&self, id: &str) -> Shown {
        self.shown(id, panels::looked_at(self))
    }

    fn shown(&self, id: &str, parts: Vec<panels::Part>) -> Shown {
        let figure = |(index, part): (usize, panels::Part)| {
            // All of them begin at 0, so that what stands above each other happened at the same time.
            let panel = part.panel.series(Series::new("", [(0.0, f64::NAN)]));
            let chart = panels::frame(self, part.title.clone()).described(format!("{}.", part.title)).panel(panel);
            Charted::of(&chart, format!("{id}-{index}"))
        };
        Shown { figures: parts.into_iter().enumerate().map(figure).collect() }
    }
}
