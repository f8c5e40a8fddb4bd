use crate::arguments::{Arguments, Command};
use crate::error::{CliError, exit};
use crate::studies::Show;

use super::{
    bench, completions, data, landscape, lr_find, methods, profile, replay, report, schedule, score, tradeoff, train,
    workloads,
};

/// Runs the command; gives the exit code.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Train(arguments) => return train::run(arguments, global),
        Command::Bench(arguments) => return bench::run(arguments, Show::Scores(None), global),
        Command::Sweep(arguments) => return bench::run(arguments, Show::Sweep, global),
        Command::Tradeoff(arguments) => return tradeoff::run(arguments, global),
        Command::LrFind(arguments) => return lr_find::run(arguments, global),
        Command::Landscape(arguments) => return landscape::run(arguments, global),
        Command::Profile(arguments) => return profile::run(arguments, global),
        Command::Schedule(arguments) => schedule::run(arguments, global)?,
        Command::Replay(arguments) => replay::run(arguments, global)?,
        Command::Report(arguments) => report::run(arguments, global)?,
        Command::Data { command } => return data::run(command, global),
        Command::Score(arguments) => score::run(arguments, global)?,
        Command::Workloads => workloads::run(global)?,
        Command::Methods { name } => methods::run(name.as_deref(), global)?,
        Command::Completions { shell } => completions::run(*shell)?,
    }
    Ok(exit::DONE)
}
