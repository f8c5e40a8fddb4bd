//! What training algorithms are worth: time to a target, performance profiles and scores, with their uncertainty.
//!
//! The measure is that of the MLCommons AlgoPerf benchmark (arXiv:2306.07179, section 4). A *trial* is one run; a *study* is a
//! few trials, of which the best counts; a workload's time is the median over studies; a submission is scored by how its times
//! compare with the fastest submission on every workload. [`Rules`] holds what the editions of the benchmark differ in, and
//! where its published code differs from its text, [`Clock`] what time is counted in.
//!
//! Trials come from a table ([`read_results`]), from the rows of our own studies ([`TrialRow`]) or from the logs of AlgoPerf
//! ([`AlgoperfPath`], [`AlgoperfWorkload::trial`]). They become a [`Leaderboard`], or a [`Comparison`] of two submissions.
//!
//! Read-outs of a tradeoff study ([`ReadOutRow`]) become the curves of a [`Tradeoff`]: quality against cost, trained anew for
//! every cost or read out of one cyclic run.
//!
//! ```
//! use rheostat_score::{Leaderboard, Role, Rules, Trial};
//!
//! let trial = |submission: &str, study, time| Trial {
//!     ruleset: "self_tuning".to_owned(),
//!     submission: submission.to_owned(),
//!     workload: "digits".to_owned(),
//!     role: Role::Base,
//!     study,
//!     time_to_target: time,
//!     evaluation: None,
//! };
//! let trials = [trial("cosine", 0, 10.0), trial("cosine", 1, 12.0), trial("constant", 0, 20.0), trial("constant", 1, 24.0)];
//! let boards = Leaderboard::all(&trials, &Rules::default());
//! assert_eq!(boards[0].entries[0].submission, "cosine");
//! assert_eq!(boards[0].entries[0].score, 1.0);
//! // Twice as slow everywhere: (4 - 2) / 3.
//! assert_eq!(boards[0].entries[1].score, 2.0 / 3.0);
//! ```

mod algoperf_log;
mod algoperf_path;
mod algoperf_workloads;
mod bootstrap;
mod clock;
mod comparison;
mod error;
mod field;
mod leaderboard;
mod profile;
mod read_out_row;
mod results_csv;
mod rows_csv;
mod rules;
mod sign_test;
mod table;
mod target_setting;
mod times;
mod tradeoff;
mod trial;
mod trial_row;

pub use algoperf_path::{AlgoperfPath, Framework};
pub use algoperf_workloads::{AlgoperfEdition, AlgoperfWorkload};
pub use bootstrap::Bootstrap;
pub use clock::Clock;
pub use comparison::{Comparison, MeanRatio, Pair};
pub use error::ScoreError;
pub use leaderboard::{Entry, Leaderboard};
pub use profile::Profile;
pub use read_out_row::{ReadOutRow, TradeoffMode};
pub use results_csv::read_results;
pub use rows_csv::{Rows, TableRow, read_rows, with_added_columns, write_rows};
pub use rules::{BestTrial, Integral, RULES, Rules};
pub use target_setting::TargetSetting;
pub use times::Times;
pub use tradeoff::{
    Absence, Curve, CurvePoint, Difference, Dominance, DominatedCurve, Estimate, FrontierPoint, Gap, MethodCost,
    Missing, PairedDifference, PointDifference, Quality, Reach, Reading, SeedCost, SeedCurve, SeedReach, Similarity,
    Tradeoff, TradeoffOptions, geometric_cost_ratio, points_cost_ratio,
};
pub use trial::{Role, Trial};
pub use trial_row::TrialRow;
