//! Prints the page of a made-up study: `cargo run -p rheostat-report --example study_page > study.html`.
//!
//! An argument chooses what it is of: `compared` (if absent), `one`, `tuned`, `sweep`, `search`, `many`, `alone` or `missed`; `text` after it
//! prints what a terminal shows, `markdown` and `csv` the tables, `sweep-csv` the trials of a sweep.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "an example prints and is told what")]

#[path = "../tests/samples/mod.rs"]
mod samples;

use rheostat_record::Run;
use rheostat_report::study::{self, Study};
use rheostat_report::{ReportError, SummaryOptions};
use rheostat_score::{Rules, TrialRow};
use samples::Sample;
use samples::study::{compared, many, one_workload, tuned};

fn main() -> Result<(), ReportError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kind = arguments.first().map_or("compared", String::as_str);
    let rows: Vec<TrialRow> = match kind {
        "one" => one_workload(),
        "tuned" => one_workload().into_iter().chain(tuned()).collect(),
        "sweep" => samples::study::sweep(),
        "search" => samples::study::search(),
        "many" => many(30),
        "alone" => one_workload().into_iter().take(3).collect(),
        "missed" => samples::study::missed(),
        _ => compared(),
    };
    let runs: Vec<(String, Run)> = if kind == "one" || kind == "compared" { runs() } else { Vec::new() };
    let study = Study::new("Warm-ups on small workloads", &rows, &Rules::default())
        .rules("ours: the fastest trial of a study counts, the median over studies, ratios to the fastest up to 4")
        .runs(&runs)
        .planned(if kind == "compared" { 60 } else { rows.len() });
    match arguments.get(1).map(String::as_str) {
        Some("text") => {
            let options = SummaryOptions { colour: true, ..Default::default() };
            print!("{}\n{}", study::summary(&study, &options), study::sweep_summary(&study, &options));
        }
        Some("markdown") => print!("{}", study::markdown(&study)),
        Some("sweep-csv") => print!("{}", study::sweep_csv(&study)),
        Some("csv") => print!("{}", study::csv(&study)),
        _ => print!("{}", study::html(&study)?),
    }
    Ok(())
}

fn runs() -> Vec<(String, Run)> {
    let of = |(submission, quality): (&str, f64)| {
        let one = |seed: u64| {
            (submission.to_owned(), Sample { quality: quality + seed as f64 * 2e-3, seed, ..Sample::default() }.run())
        };
        (1..4).map(one).collect::<Vec<_>>()
    };
    [("cosine", 0.975), ("constant", 0.96), ("cycles", 0.945)].into_iter().flat_map(of).collect()
}
