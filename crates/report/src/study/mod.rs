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
    fields: Vec<Field<'a>>,
    boards: Vec<(Clock, Vec<Leaderboard>)>,
}

impl<'a> Study<'a> {
    /// A study of these trials, scored by `rules` against training time and against updates.
    pub fn new(name: &'a str, rows: &'a [TrialRow], rules: &Rules) -> Self {
        let board = |clock: Clock| {
            let trials: Vec<Trial> = rows.iter().filter_map(|row| clock.trial(row)).collect();
            (clock, Leaderboard::all(&trials, rules))
        };
        let boards = Clock::ALL.map(board).to_vec();
        let rules_text = "";
        let mut study =
            Self { name, rows, rules: *rules, rules_text, runs: &[], planned: rows.len(), fields: Vec::new(), boards };
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

    /// The clock that findings are told by: seconds, unless they come from machines that do not compare.
    fn clock(&self) -> Clock {
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
