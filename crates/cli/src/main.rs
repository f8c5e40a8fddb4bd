//! The command line: parses arguments, prints, exits; wires the other rooms.

mod arguments;
mod commands;
mod error;
mod interrupt;
mod output;
mod progress;
mod provenance;
mod recipes;
mod score_sources;
mod studies;
mod trials;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match commands::run(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            error.report();
            ExitCode::from(error.exit_code())
        }
    }
}
