//! Prints the page of made-up tradeoff curves: `cargo run -p rheostat-report --example tradeoff_page > tradeoff.html`.
//!
//! An argument chooses what it is of: `article` (if absent), `growing`, `cyclic` or `one`; `text` after it prints what a terminal
//! shows, `markdown` and `csv` the tables; a folder has the pictures written into it, light and dark.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "an example prints and is told what")]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::error::Error;
use std::path::Path;

use rheostat_report::SummaryOptions;
use rheostat_report::chart::{SvgOptions, Theme};
use rheostat_report::tradeoff::{self, Tradeoffs};
use rheostat_score::{Clock, ReadOutRow, TradeoffMode, TradeoffOptions};
use samples::Sample;
use samples::tradeoff::{article, cyclic_run};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kind = arguments.first().map_or("article", String::as_str);
    let mut rows: Vec<ReadOutRow> = article();
    let planned = rows.len();
    match kind {
        "growing" => rows.retain(|row| row.seed == 1 || (row.seed == 2 && row.mode == TradeoffMode::Cyclic)),
        "cyclic" => rows.retain(|row| row.mode == TradeoffMode::Cyclic),
        "one" => rows.retain(|row| row.submission == "baseline" && row.seed == 1),
        _ => {}
    }
    let runs = [cyclic_run(Sample::default().run().manifest)];
    let clock = if kind == "growing" { Clock::Seconds } else { Clock::Steps };
    let options = TradeoffOptions { clock, ..TradeoffOptions::default() };
    let tradeoffs = Tradeoffs::new("Cyclic tradeoff curves", &rows, &options)?.runs(&runs);
    let tradeoffs = if kind == "growing" { tradeoffs.planned(planned) } else { tradeoffs };
    match arguments.get(1).map(String::as_str) {
        None => print!("{}", tradeoff::html(&tradeoffs)?),
        Some("text") => {
            print!("{}", tradeoff::summary(&tradeoffs, &SummaryOptions { colour: true, ..Default::default() }));
        }
        Some("markdown") => print!("{}", tradeoff::markdown(&tradeoffs)),
        Some("csv") => print!("{}", tradeoff::csv(&tradeoffs)),
        Some(folder) => {
            for figure in tradeoff::figures(&tradeoffs) {
                for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
                    let options = SvgOptions { theme, ..SvgOptions::default() };
                    let path = Path::new(folder).join(format!("{}-{name}", figure.stem()));
                    std::fs::write(path.with_extension("svg"), figure.svg(&options))?;
                    std::fs::write(path.with_extension("png"), figure.png(&options, 2.0)?)?;
                }
            }
        }
    }
    Ok(())
}
