use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rheostat_bench::{
    Bench, BenchError, Cost, ProcessRunner, Progress, Projection, ResultsTable, Study, StudyManifest,
};
use rheostat_score::TrialRow;
use rheostat_workload::WORKLOADS;

use crate::arguments::{Bench as Asked, Format, Global, Running};
use crate::error::{CliError, exit};
use crate::studies::Show;
use crate::trials::Trials;
use crate::{interrupt, output, provenance, recipes, studies};

/// What `rheostat bench` compares when nothing is named.
const EMBEDDED: (&str, &str) = ("digits-mlp.toml", include_str!("../../../../studies/digits-mlp.toml"));

pub(crate) fn run(asked: &Asked, show: Show<'_>, global: &Global) -> Result<u8, CliError> {
    let study = study(asked)?;
    if show == Show::Sweep && !study.varies() {
        return Err(CliError::Usage(format!(
            "{}: there is nothing to sweep; write ruleset = \"external_tuning\" and give a submission search, points or grid",
            asked.study.as_ref().map_or(EMBEDDED.0.to_owned(), |path| path.display().to_string())
        )));
    }
    carry_out(&study, asked.study.as_deref(), &asked.running, show, global)
}

/// Runs what is left of a study, and reports it. `file` is where it was read from, if anywhere.
pub(crate) fn carry_out(
    study: &Study,
    file: Option<&Path>,
    asked: &Running,
    show: Show<'_>,
    global: &Global,
) -> Result<u8, CliError> {
    let folder = asked.out.clone().unwrap_or_else(|| Path::new("runs").join(&study.name));
    let results = results(asked, file, study, &folder).join("trials.csv");
    let runner = ProcessRunner {
        program: std::env::current_exe().map_err(CliError::reading(Path::new("the path of this program")))?,
        arguments: vec![OsString::from("--data"), recipes::data(global).into()],
        workloads: WORKLOADS,
    };
    let jobs = usize::from(asked.jobs);
    let threads = global.threads.map_or_else(|| (provenance::cores() / jobs).max(1), usize::from);
    let kernels = !global.no_kernels;
    if asked.dry_run {
        return dry_run(study, &results, &runner, (threads, kernels), jobs, global);
    }
    if !asked.resume {
        for taken in [&results, &folder.join(StudyManifest::FILE)] {
            if taken.exists() {
                return Err(BenchError::Occupied { path: taken.clone() }.into());
            }
        }
    }
    let mut table = ResultsTable::open(&results)?;
    warn_of_other_machines(&table, threads);
    let manifest = StudyManifest {
        format: StudyManifest::FORMAT,
        name: study.name.clone(),
        study: study.text.clone(),
        file: file.map_or("embedded".to_owned(), |path| path.display().to_string()),
        results: results.display().to_string(),
        wanted: study.trials().count(),
        read_outs: study.read_outs(),
        submissions: study.submissions.iter().map(|submission| submission.name.clone()).collect(),
        program: provenance::PROGRAM.to_owned(),
        commit: provenance::commit(),
        started: provenance::now(),
    };
    manifest.write(&folder)?;
    let stop = interrupt::stop("update of every trial");
    let bench = Bench { study, runner: &runner, folder: &folder, jobs, threads, kernels, stop: &stop };
    let progress = {
        let trials = Trials::new();
        bench.run(&mut table, &trials)?
    };
    // What two coordinators of the same folder did is all in the table.
    table.refresh()?;
    let rows: Vec<TrialRow> = table.rows().cloned().collect();
    studies::report(&manifest, &rows, &folder, &folder.join("report.html"), show, global)?;
    if progress.done < progress.wanted && stop.load(Ordering::Relaxed) {
        eprintln!("{}", interrupted(&progress));
        return Ok(exit::INTERRUPTED);
    }
    Ok(exit::DONE)
}

fn study(asked: &Asked) -> Result<Study, CliError> {
    match &asked.study {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(CliError::reading(path))?;
            studies::read(&path.display().to_string(), &text)
        }
        None => studies::read(EMBEDDED.0, EMBEDDED.1),
    }
}

/// Results are kept beside the study where there is a place for them, so that they can be committed with it.
fn results(asked: &Running, file: Option<&Path>, study: &Study, folder: &Path) -> PathBuf {
    let beside = file.and_then(Path::parent).map(|parent| parent.join("results").join(&study.name));
    let beside = beside.filter(|place| place.is_dir());
    asked.results.clone().or(beside).unwrap_or_else(|| folder.to_owned())
}

/// Times of other processors, or of other thread counts, do not compare with those to come.
fn warn_of_other_machines(table: &ResultsTable, threads: usize) {
    let here = provenance::processor();
    let foreign = |processor: &str, used: usize| used > 0 && (processor != here || used != threads);
    let count = table.rows().filter(|row| foreign(&row.processor, row.threads)).count();
    if count > 0 {
        eprintln!(
            "warning: {count} trials were run on another processor or with other threads than {here} on {threads}: \
             updates compare, seconds do not"
        );
    }
}

fn interrupted(progress: &Progress) -> String {
    // As it was typed, quoted where a shell needs it.
    let quoted = |word: String| if word.contains([' ', '"', '\'']) { format!("'{word}'") } else { word };
    let typed: Vec<String> = std::env::args().skip(1).filter(|word| word != "--resume").map(quoted).collect();
    format!(
        "{} of {} trials are over; go on with: rheostat {} --resume",
        progress.done,
        progress.wanted,
        typed.join(" ")
    )
}

fn dry_run(
    study: &Study,
    results: &Path,
    runner: &ProcessRunner,
    (threads, kernels): (usize, bool),
    jobs: usize,
    global: &Global,
) -> Result<u8, CliError> {
    // A table that is not there is not begun.
    let scratch = tempfile::tempdir().map_err(CliError::writing(&std::env::temp_dir()))?;
    let path = if results.exists() { results.to_owned() } else { scratch.path().join("trials.csv") };
    let table = ResultsTable::open(&path)?;
    let mut costs = BTreeMap::new();
    for workload in &study.workloads {
        let folder = scratch.path().join(workload.facts.name);
        let cost = Cost::measure(workload, runner, &folder, threads, kernels)?;
        costs.insert(workload.facts.name.to_owned(), cost);
    }
    let projection = Projection::new(study, &table, &costs)?;
    let head = ["submission", "workload", "trials", "done", "updates", "seconds"].map(str::to_owned).to_vec();
    let mut rows = vec![head];
    for part in &projection.parts {
        let seconds = part.seconds.map_or("?".to_owned(), |seconds| format!("{seconds:.1}"));
        let numbers = [part.wanted, part.done, part.steps].map(|number| number.to_string());
        let mut row = vec![part.submission.clone(), part.workload.clone()];
        row.extend(numbers);
        row.push(seconds);
        rows.push(row);
    }
    match global.format {
        Format::Csv => output::text(&output::csv(&rows))?,
        Format::Json => output::json(&projection)?,
        Format::Text => {
            output::text(&output::table(&rows))?;
            let seconds = projection.seconds().unwrap_or(f64::NAN) / jobs as f64;
            output::text(&format!(
                "{} trials to run, about {} at most on {threads} threads each, {jobs} at a time (measured with a few updates now).\n",
                projection.parts.iter().map(|part| part.wanted - part.done).sum::<u64>(),
                indicatif::HumanDuration(std::time::Duration::from_secs_f64(seconds.max(0.0))),
            ))?;
        }
    }
    Ok(exit::DONE)
}
