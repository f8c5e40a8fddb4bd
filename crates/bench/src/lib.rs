//! Many runs that are compared: studies, their trials, and how they get run.
//!
//! A [`Study`] is read from a file and says which trials there are. A [`Bench`] has them run by a [`Runner`], each once, and
//! writes a row for each into a table of results; it can be killed at any moment, gone on with, and run twice at the same time.
//!
//! ```
//! use rheostat_bench::Study;
//! use rheostat_testkit::runner::SCRIPTED;
//!
//! let text = "studies = 2\n[workload.scripted]\n[submission.slow]\nlearning_rate = 0.01\n[submission.fast]\nlearning_rate = 0.1\n";
//! let no_recipes = |_: &str| Err(std::io::ErrorKind::NotFound.into());
//! let study = Study::read("rates.toml", text, &[SCRIPTED], &no_recipes)?;
//! let names: Vec<String> = study.trials().map(|key| key.to_string()).collect();
//! assert_eq!(names[..2], ["slow/scripted/study-0/trial-0", "fast/scripted/study-0/trial-0"]);
//! assert_eq!(names.len(), 4);
//! # Ok::<(), rheostat_record::DocumentError>(())
//! ```
//!
//! [`Runner`]: rheostat_record::Runner

mod bench;
mod error;
mod key;
mod manifest;
mod process;
mod projection;
mod row;
mod ruleset;
mod search;
mod study;
mod study_file;
mod study_points;
mod table;
mod tradeoff;

pub use bench::{Bench, Progress, Watch};
pub use error::BenchError;
pub use key::TrialKey;
pub use manifest::StudyManifest;
pub use process::ProcessRunner;
pub use projection::{Cost, Part, Projection};
pub use ruleset::{RULESETS, Ruleset};
pub use search::{Dimension, Draw, Values};
pub use study::{Study, StudyWorkload, Submission};
pub use table::{Keyed, ReadOutTable, ResultsTable, Table};
pub use tradeoff::Tradeoff;
