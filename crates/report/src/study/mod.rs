//! Reports of a study: many trials, submissions on workloads, each in several studies of one or more trials.
//!
//! ```
//! use rheostat_report::{ReportError, study};
//! use rheostat_score::Rules;
//!
//! let nothing_yet = study::Study::new("warm-ups", &[], &Rules::default()).planned(15);
//! assert!(matches!(study::html(&nothing_yet), Err(ReportError::Empty { .. })));
//! assert_eq!(study::csv(&nothing_yet).lines().count(), 1);
//! ```

mod budget;
mod clock;
mod csv;
mod curves;
mod environment;
mod field;
mod finding;
mod html;
mod list;
mod markdown;
mod matrix;
mod places;
mod profile;
mod quality;
mod strips;
mod summary;
mod sweep;

use rheostat_record::Run;
use rheostat_score::{Leaderboard, Rules, Trial, TrialRow};

use clock::Clock;
pub use csv::csv;
use field::Field;
pub use html::html;
pub use markdown::markdown;
pub use summary::summary;
pub use sweep::{sweep_csv, sweep_summary};

/// Trials with what is known around them.
#[derive(Debug, Clone)]
pub struct Study<'a> {
    name: &'a str,
    rows: &'a [TrialRow],
    rules: Rules,
    rules_text: &'a str,
    runs: &'a [(String, Run)],
    planned: usize,
    lead: Option<Clock>,
    fields: Vec<Field<'a>>,
    boards: Vec<(Clock, Vec<Leaderboard>)>,
}

impl<'a> Study<'a> {
    /// A study of these trials, scored by `rules` against training time, updates and passes.
    pub fn new(name: &'a str, rows: &'a [TrialRow], rules: &Rules) -> Self {
        let board = |clock: Clock| {
            let trials: Vec<Trial> = rows.iter().filter_map(|row| clock.trial(row)).collect();
            (clock, Leaderboard::all(&trials, rules))
        };
        let boards = Clock::ALL.map(board).to_vec();
        let rules_text = "";
        let (planned, fields) = (rows.len(), Vec::new());
        let mut study = Self { name, rows, rules: *rules, rules_text, runs: &[], planned, lead: None, fields, boards };
        study.fields = field::all(&study);
        study
    }

    /// The rules in words, for whoever reads the report.
    #[must_use]
    pub fn rules(mut self, text: &'a str) -> Self {
        self.rules_text = text;
        self
    }

    /// Runs whose directories are still there, each with its submission: their training curves are drawn.
    #[must_use]
    pub fn runs(mut self, runs: &'a [(String, Run)]) -> Self {
        self.runs = runs;
        self
    }

    /// The clock that findings are told by, in place of training time, or updates where times do not compare.
    #[must_use]
    pub fn clocked(mut self, clock: rheostat_score::Clock) -> Self {
        self.lead = Some(clock.into());
        self.fields = field::all(&self);
        self
    }

    /// How many trials the study wants; those that are not there yet are said to be missing.
    #[must_use]
    pub fn planned(mut self, trials: usize) -> Self {
        self.planned = trials.max(self.rows.len());
        self
    }

    fn board(&self, clock: Clock, ruleset: &str) -> Option<&Leaderboard> {
        let (_, boards) = self.boards.iter().find(|(known, _)| *known == clock)?;
        boards.iter().find(|board| board.ruleset == ruleset)
    }

    /// The same if it compares: one submission alone is the fastest, and where nobody meets a target nobody is.
    fn contest(&self, clock: Clock, ruleset: &str) -> Option<&Leaderboard> {
        self.board(clock, ruleset)
            .filter(|board| board.entries.len() > 1 && board.entries.iter().any(|entry| entry.high > 0.0))
    }

    /// The clocks that say something of their own. Passes do where updates do not all cost the same.
    fn clocks(&self) -> Vec<Clock> {
        let to_target = |row: &TrialRow| {
            Some((row.forwards_to_target? as f64 + row.backwards_to_target? as f64) / row.steps_to_target? as f64)
        };
        let in_all = |row: &TrialRow| Some(row.passes()? as f64 / row.steps as f64);
        let costs = self.rows.iter().flat_map(|row| [to_target(row), in_all(row)]);
        let mut costs = costs.flatten().filter(|passes| passes.is_finite());
        let first = costs.next();
        let differ = self.lead == Some(Clock::Passes) || costs.any(|passes| Some(passes) != first);
        Clock::ALL.into_iter().filter(|clock| *clock != Clock::Passes || differ).collect()
    }

    /// The clock that findings are told by: the one asked for, else seconds, unless they come from machines that do not compare.
    fn clock(&self) -> Clock {
        if let Some(lead) = self.lead {
            return lead;
        }
        let same = |other: &TrialRow, row: &TrialRow| other.processor == row.processor && other.threads == row.threads;
        if self.rows.windows(2).all(|pair| same(&pair[0], &pair[1])) { Clock::Seconds } else { Clock::Steps }
    }

    /// The colour of a submission, the same everywhere. Of very many only the first few have one.
    fn colour(&self, submission: &str) -> usize {
        use crate::chart::palette::{COLOURS, REST};
        let mut names: Vec<&str> = Vec::new();
        for name in self.fields.iter().flat_map(|field| field.submissions.iter()) {
            if !names.contains(name) {
                names.push(name);
            }
        }
        match names.iter().position(|name| *name == submission) {
            Some(place) if place < COLOURS || names.len() <= 2 * COLOURS => place,
            _ => REST,
        }
    }
}
