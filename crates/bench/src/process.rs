use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use rheostat_record::{Event, EventSink, RecordError, Run, RunError, Runner, TrialResult, TrialSpec, WorkloadFacts};

/// Between two looks at a running trial.
const GLANCE: Duration = Duration::from_millis(20);

/// Runs each trial in a process of its own: `PROGRAM train ... --leash`, which ends, saved, once nobody holds the other end of
/// its standard input. A trial that crashes or runs out of memory takes nobody with it, and none outlives the study.
#[derive(Debug, Clone)]
pub struct ProcessRunner {
    /// The program.
    pub program: PathBuf,
    /// Arguments of every trial, such as where the data is.
    pub arguments: Vec<OsString>,
    /// What the program can train.
    pub workloads: &'static [WorkloadFacts],
}

impl Runner for ProcessRunner {
    fn workloads(&self) -> &[WorkloadFacts] {
        self.workloads
    }

    fn run(&self, trial: &TrialSpec<'_>, sink: &mut dyn EventSink) -> Result<TrialResult, RunError> {
        let directory = trial.folder.join("run");
        let begun = directory.join("manifest.json").exists();
        if begun {
            if Run::is_being_written(&directory)? {
                return Err(RunError::Busy);
            }
            if let Some(result) = recorded(trial, &directory)? {
                return Ok(result);
            }
        } else if directory.exists() {
            // Killed before the manifest was there: nothing is lost.
            fs::remove_dir_all(&directory).map_err(process(format!("clearing {}", directory.display())))?;
        }
        let output = trial.folder.join("output.txt");
        let mut child = self.start(trial, &directory, begun, &output)?;
        // Its other end closes when this process ends, in whatever way.
        let mut leash = child.stdin.take();
        let mut events = Tail::new(directory.join("events.jsonl"));
        let status = loop {
            let ended = child.try_wait().map_err(process(format!("watching {}", trial.id)))?;
            if let Err(error) = events.forward(sink) {
                drop(leash);
                child.wait().map_err(process(format!("waiting for {}", trial.id)))?;
                return Err(error);
            }
            if let Some(status) = ended {
                break status;
            }
            if trial.stop.load(Ordering::Relaxed) {
                leash = None;
            }
            std::thread::sleep(GLANCE);
        };
        drop(leash);
        match recorded(trial, &directory)? {
            Some(result) => Ok(result),
            None => Err(why(status, trial.stop.load(Ordering::Relaxed), &output)),
        }
    }
}

impl ProcessRunner {
    fn start(&self, trial: &TrialSpec<'_>, directory: &Path, begun: bool, output: &Path) -> Result<Child, RunError> {
        let mut command = Command::new(&self.program);
        command.arg("train").arg("--leash").args(&self.arguments);
        if begun {
            command.arg("--resume").arg(directory);
        } else {
            let recipe = trial.folder.join("recipe.toml");
            let writing = process(format!("writing {}", recipe.display()));
            fs::write(&recipe, trial.recipe.to_toml()).map_err(writing)?;
            command.arg(recipe).arg("--out").arg(directory);
            command.arg("--threads").arg(trial.threads.to_string());
            if !trial.kernels {
                command.arg("--no-kernels");
            }
        }
        let opening = process(format!("opening {}", output.display()));
        let said = OpenOptions::new().create(true).append(true).open(output).map_err(opening)?;
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(said);
        command.spawn().map_err(process(format!("starting {}", self.program.display())))
    }
}

fn process(what: String) -> impl FnOnce(std::io::Error) -> RunError {
    move |source| RunError::Process { what, source }
}

/// What a run directory that is over holds.
fn recorded(trial: &TrialSpec<'_>, directory: &Path) -> Result<Option<TrialResult>, RunError> {
    let manifest = match Run::read_manifest(directory) {
        Err(RecordError::NoRun { .. }) => return Ok(None),
        manifest => manifest?,
    };
    if manifest.recipe_hash != trial.recipe.hash() {
        let why = format!("{} holds a run of another recipe; remove it or choose another folder", directory.display());
        return Err(RunError::Unable { why });
    }
    Ok(Run::read_result(directory)?.map(|result| TrialResult { manifest, result }))
}

/// What an end without a result means, by the exit codes of the program.
fn why(status: ExitStatus, stopped: bool, output: &Path) -> RunError {
    let said = last_line(output);
    match status.code() {
        Some(130) => RunError::Interrupted,
        // Wrong arguments, missing data, a full disk: of the machine, not of this trial.
        Some(2 | 3 | 5) => RunError::Unable { why: said },
        Some(code) => RunError::Failed { why: format!("exit code {code}: {said}") },
        None if stopped => RunError::Interrupted,
        None => RunError::Failed { why: format!("killed ({status}); out of memory, if nobody did it") },
    }
}

fn last_line(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Reads an event file as it grows.
struct Tail {
    path: PathBuf,
    file: Option<File>,
    read: u64,
}

impl Tail {
    fn new(path: PathBuf) -> Self {
        Self { path, file: None, read: 0 }
    }

    /// Hands on the whole lines that are new. A line that is no event is left to whoever reads the run in the end.
    fn forward(&mut self, sink: &mut dyn EventSink) -> Result<(), RunError> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut bytes = Vec::new();
        let reading = process(format!("reading {}", self.path.display()));
        file.seek(SeekFrom::Start(self.read)).and_then(|_| file.read_to_end(&mut bytes)).map_err(reading)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        self.read += whole as u64;
        for line in bytes[..whole].split(|byte| *byte == b'\n') {
            if let Ok(event) = serde_json::from_slice::<Event>(line) {
                sink.event(&event)?;
            }
        }
        Ok(())
    }
}
