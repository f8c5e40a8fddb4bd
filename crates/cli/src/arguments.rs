use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use rheostat_schedule::Span;
use rheostat_score::TradeoffMode;

/// Learning rates that set themselves, measured honestly.
#[derive(Debug, Parser)]
#[command(name = "rheostat", version, about, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Folder with the datasets [env: RHEOSTAT_DATA] [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// How data is printed; json and csv go to stdout alone, everything else to stderr
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Compute threads [default: the cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Compute with Burn's own operations instead of the fused kernels
    #[arg(long, global = true)]
    pub(crate) no_kernels: bool,
    /// Say more about what is done
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train one run; without a recipe the embedded default, which needs no download
    Train(Train),
    /// Show what the schedules of a recipe do, without training
    Schedule(Schedule),
    /// What a controller would have decided on recorded losses, without training
    Replay(Replay),
    /// Learning-rate range test: the curve and what it suggests
    LrFind(LrFind),
    /// Pictures of the loss along the updates: how good the step sizes are that are taken
    Landscape(Landscape),
    /// Where the time and memory of a step go
    Profile(Profile),
    /// Pictures and tables of recorded runs, or of a study
    Report(Report),
    /// Compare training algorithms: many runs, each in its own process; without a study the embedded one, which needs no download
    Bench(Bench),
    /// What comes out at which learning rate, schedule by schedule: runs a study of searches or grids
    Sweep(Bench),
    /// Quality against cost: the curve of a training method in one cyclic run, in one run for each point, or both
    Tradeoff(Tradeoff),
    /// Scores of training algorithms, with their uncertainty, from a table of trials
    Score(Score),
    /// The datasets: what there is, fetching, verifying
    Data {
        #[command(subcommand)]
        command: Data,
    },
    /// What can be trained
    Workloads,
    /// Every schedule and optimizer with its parameters
    Methods {
        /// Only this one
        name: Option<String>,
    },
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// A recipe and what is changed in it.
#[derive(Debug, Args)]
pub(crate) struct RecipeArguments {
    /// Recipe file (TOML) [default: the embedded digits-mlp]
    pub(crate) recipe: Option<PathBuf>,
    /// Change a value: a dotted key, the value as TOML, else as text
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) sets: Vec<(String, String)>,
    /// Run seed, in place of the recipe's
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Train {
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Go on with the run in this directory
    #[arg(long, value_name = "DIR", conflicts_with_all = ["recipe", "sets", "seed", "out", "threads", "no_kernels"])]
    pub(crate) resume: Option<PathBuf>,
    /// Run directory: absent or empty [default: runs/ID]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with code 6 if the target is missed
    #[arg(long)]
    pub(crate) require_target: bool,
    /// Write TensorBoard events into the run directory
    #[arg(long)]
    pub(crate) tensorboard: bool,
    /// As a trial of a study: stop, saved, when standard input ends; write no page
    #[arg(long, hide = true)]
    pub(crate) leash: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Study file (TOML) [default: the embedded digits-mlp]
    pub(crate) study: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) running: Running,
}

/// How the trials of a study are run, and where.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// Trials at the same time; they share the cores, so times compare only at the same number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: u16,
    /// Go on where the study was left
    #[arg(long)]
    pub(crate) resume: bool,
    /// Show the trials and what they would cost, and run none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Folder of the study [default: runs/NAME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Folder of the table of results, trials.csv [default: results/NAME beside the study file if that exists, else the study's]
    #[arg(long, value_name = "DIR")]
    pub(crate) results: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Tradeoff {
    /// Recipes, each a method, with --points; or one study file that has a tradeoff; or a table of read-outs (readouts.csv), which is
    /// drawn [default: the embedded digits-mlp]
    #[arg(value_name = "RECIPE")]
    pub(crate) files: Vec<PathBuf>,
    /// Read-out points: where the curves have their marks
    #[arg(long, value_name = "SPAN,SPAN,...", value_delimiter = ',')]
    pub(crate) points: Vec<Span>,
    /// One cyclic run, one standard run for each point [default: both]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) mode: Vec<Mode>,
    /// Repetitions, each with the next seed [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) seeds: Option<u32>,
    /// Seed of the first repetition, in place of the recipe's
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Change a value in every recipe: a dotted key, the value as TOML, else as text
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) recipe_changes: Vec<(String, String)>,
    /// Factor on the values of a cycle from those of the one before [default: 1]
    #[arg(long, value_name = "FACTOR", requires = "points")]
    pub(crate) peak_decay: Option<f64>,
    /// Warm up again at the beginning of every cycle [default: a hard restart]
    #[arg(long, value_name = "SPAN", requires = "points")]
    pub(crate) rewarm: Option<Span>,
    /// Hyperparameters whose schedules go on over the whole cyclic run
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', requires = "points")]
    pub(crate) stay: Vec<String>,
    /// Quality at a point: end of the cycle, best of the cycle (both on the validation split), or test
    #[arg(long, default_value = "end", value_name = "NAME")]
    pub(crate) quality: String,
    /// What cost is counted in: steps (updates), seconds of training, or passes (forwards and backwards)
    #[arg(long, default_value = "steps", value_name = "NAME")]
    pub(crate) clock: String,
    /// The method that others are compared with [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
    #[command(flatten)]
    pub(crate) running: Running,
}

/// How the points of a curve are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// One run whose schedules begin anew after every point
    Cyclic,
    /// One run for each point
    Standard,
}

impl From<Mode> for TradeoffMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Cyclic => Self::Cyclic,
            Mode::Standard => Self::Standard,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Schedule {
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Rows printed; the horizon stays the budget [default: the whole budget]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
    /// Write a picture or table: .svg, .png, .csv or .json
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// A recipe may also be the directory of a run
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Losses: CSV with columns step, loss and optionally val_loss, val_metric; or the directory of a run, as controllers need that
    /// look at gradients
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) losses: Option<PathBuf>,
    /// Updates of the whole run, in place of the recipe's budget
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
    /// Write a picture, page or table: .svg, .png, .html, .csv or .json
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Score {
    /// Tables of trials (CSV: a study's trials.csv, or results as AlgoPerf publishes them), folders of studies, or directories of
    /// AlgoPerf's logs
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// rheostat, algoperf-0.5, algoperf-0.6, or either of the latter with -text: as the rules say and not the published code
    #[arg(long, default_value = "rheostat", value_name = "NAME")]
    pub(crate) rules: String,
    /// What time is counted in: seconds of training, steps (updates), or passes (forwards and backwards)
    #[arg(long, default_value = "seconds", value_name = "NAME")]
    pub(crate) clock: String,
    /// Compare two submissions study by study
    #[arg(long, num_args = 2, value_names = ["SUBMISSION", "SUBMISSION"])]
    pub(crate) compare: Option<Vec<String>>,
    /// Set each workload's target from a study that ran to its ends: the median of the best setting that has at least N trials
    #[arg(long, value_name = "N", conflicts_with = "compare")]
    pub(crate) set_targets: Option<usize>,
    /// Times that studies are drawn again for the intervals
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) resamples: u32,
}

#[derive(Debug, Args)]
pub(crate) struct LrFind {
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Lowest rate
    #[arg(long, default_value_t = 1e-7)]
    pub(crate) low: f64,
    /// Highest rate
    #[arg(long, default_value_t = 10.0)]
    pub(crate) high: f64,
    /// Updates, from the lowest rate to the highest: a number, or a span such as "3 epochs"
    #[arg(long, value_name = "N|SPAN", default_value = "100", value_parser = updates)]
    pub(crate) steps: Span,
    /// How the rate rises
    #[arg(long, value_enum, default_value_t = RateGrowth::Exponential)]
    pub(crate) growth: RateGrowth,
    /// Weight of the past in the smoothed loss, from 0 to less than 1
    #[arg(long, default_value_t = 0.98)]
    pub(crate) smoothing: f64,
    /// End the test when the smoothed loss exceeds this multiple of its best
    #[arg(long, default_value_t = 4.0)]
    pub(crate) divergence: f64,
    /// Points left out at the beginning of the curve [default: a tenth of the steps]
    #[arg(long, value_name = "N")]
    pub(crate) skip_start: Option<u64>,
    /// Points left out at its end
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) skip_end: u64,
    /// Run directory: absent or empty [default: runs/ID]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// How the rate of a range test rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RateGrowth {
    /// By the same factor with every update
    Exponential,
    /// By the same amount: Smith's test, over some epochs
    Linear,
}

#[derive(Debug, Args)]
pub(crate) struct Landscape {
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Updates made, from the run's beginning; the horizon stays the budget [default: 100, or the budget if that is less]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
    /// Updates from one that is measured to the next [default: so many that about 50 are measured]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) every: Option<u64>,
    /// Shortest step size
    #[arg(long, default_value_t = 1e-6)]
    pub(crate) low: f64,
    /// Longest step size
    #[arg(long, default_value_t = 10.0)]
    pub(crate) high: f64,
    /// Step sizes, evenly spread in their logarithm
    #[arg(long, value_name = "N", default_value_t = 43)]
    pub(crate) points: u64,
    /// The last updates, each of which is measured, and whose batches are measured along the last of them too
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) batches: u64,
    /// Run directory: absent or empty [default: runs/ID]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Profile {
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Updates measured
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: u64,
    /// Updates before the measurement
    #[arg(long, default_value_t = 5)]
    pub(crate) warm_up: u64,
    /// Run directory: absent or empty [default: runs/ID]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Run directories, or the folder of one study
    #[arg(required = true, value_name = "DIR")]
    pub(crate) runs: Vec<PathBuf>,
    /// Of a study: what its findings are counted in: seconds of training, steps (updates), or passes (forwards and backwards)
    /// [default: seconds; of curves of quality against cost, and where times do not compare, steps]
    #[arg(long, value_name = "NAME")]
    pub(crate) clock: Option<String>,
    /// The page [default: report.html in the first of them]; of runs, one chart instead: FILE.svg or FILE.png
    #[arg(short, long, value_name = "FILE.html")]
    pub(crate) output: Option<PathBuf>,
    /// The chart that FILE.svg or FILE.png shows: metric, training_loss, validation_loss, gradient_norm, learning_rate or another
    /// hyperparameter that moved [default: metric]
    #[arg(long, value_name = "NAME")]
    pub(crate) chart: Option<String>,
    /// Also write TensorBoard events into each run directory
    #[arg(long)]
    pub(crate) tensorboard: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// The datasets and whether they are here
    List,
    /// Download originals from their public homes
    Fetch {
        /// Datasets, as `rheostat data list` names them
        #[arg(required = true)]
        names: Vec<String>,
        /// Another home to fetch from
        #[arg(long, value_name = "URL")]
        from: Option<String>,
    },
    /// Tell originals, known subsets and damaged copies apart
    Verify {
        /// Datasets [default: all that are here]
        names: Vec<String>,
    },
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("write KEY=VALUE, such as learning_rate.peak=3e-3".to_owned()),
    }
}

/// A bare number counts updates: an argument called steps has its unit.
fn updates(text: &str) -> Result<Span, String> {
    match text.parse() {
        Ok(steps) => Ok(Span::Steps(steps)),
        Err(_) => text.parse().map_err(|error: rheostat_schedule::SpanError| error.to_string()),
    }
}
