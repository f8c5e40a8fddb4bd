//! Burn's own `Learner` with a schedule of rheostat, warm-up and cosine, kept in Burn's checkpoints.

mod model;
mod plain_lines;
mod sine;

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use burn::lr_scheduler::LrSchedulerRecord;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::optim::{AdamWConfig, OptimizerRecord};
use burn::store::ModuleRecord;
use burn::tensor::Device;
use burn::train::checkpoint::{Checkpointer, FileCheckpointer, KeepLastNCheckpoints};
use burn::train::metric::{LearningRateMetric, LossMetric};
use burn::train::{ExecutionStrategy, Learner, SupervisedTraining};
use rheostat_optim::ScheduledRate;
use rheostat_schedule::{Frame, Schedule, ScheduleError, ScheduleSpec, Span};

use crate::model::Network;
use crate::plain_lines::{PlainLines, say};

const DIRECTORY: &str = "target/sine";
const EPOCHS: usize = 8;
const UPDATES_PER_EPOCH: usize = 32;
const BATCH_SIZE: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let resume = epoch_to_resume()?;
    let schedule = schedule()?;
    let checkpoints = Path::new(DIRECTORY).join("checkpoint");
    fs::create_dir_all(&checkpoints)?;
    if let Some(epoch) = resume {
        announce(&checkpoints, epoch, &schedule)?;
    }

    let device = Device::flex().autodiff();
    device.seed(0);
    let training = sine::loader(UPDATES_PER_EPOCH * BATCH_SIZE, BATCH_SIZE, Some(0));
    let validation = sine::loader(256, 256, None);
    let learner = Learner::new(Network::new(&device), AdamWConfig::new().init(), ScheduledRate::new(schedule));

    let mut run = SupervisedTraining::new(DIRECTORY, training, validation)
        .metric_train_numeric(LossMetric::new())
        .metric_valid_numeric(LossMetric::new())
        .metric_train_numeric(LearningRateMetric::new())
        .renderer(Box::new(PlainLines::default()))
        .with_default_checkpointers()
        // Burn keeps two by default; all of them, so that any epoch can be resumed.
        .with_checkpointing_strategy(KeepLastNCheckpoints::new(EPOCHS))
        .with_training_strategy(ExecutionStrategy::single(device).into())
        .num_epochs(EPOCHS)
        .summary();
    if let Some(epoch) = resume {
        run = run.checkpoint(epoch);
    }
    match run.launch(learner).error {
        Some(error) => Err(error.to_string().into()),
        None => Ok(()),
    }
}

/// One epoch of warm-up, then a cosine over the rest of the run.
fn schedule() -> Result<Schedule, ScheduleError> {
    let updates = (EPOCHS * UPDATES_PER_EPOCH) as u64;
    let frame = Frame::steps(updates).steps_per_epoch(UPDATES_PER_EPOCH as u64);
    ScheduleSpec::cosine(1e-2).floor(1e-4).warmup(Span::Epochs(1.0)).resolve(&frame)
}

fn epoch_to_resume() -> Result<Option<usize>, String> {
    let arguments: Vec<String> = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into()).collect();
    let usage = || format!("usage: burn-learner [--resume EPOCH], EPOCH from 1 to {}", EPOCHS - 1);
    match arguments.as_slice() {
        [] => Ok(None),
        [flag, epoch] if flag == "--resume" => match epoch.parse() {
            Ok(epoch) if (1..EPOCHS).contains(&epoch) => Ok(Some(epoch)),
            _ => Err(usage()),
        },
        _ => Err(usage()),
    }
}

/// Says which rate the checkpoint goes on with. Burn panics at a checkpoint it cannot read, so all three parts are read first.
fn announce(checkpoints: &Path, epoch: usize, schedule: &Schedule) -> Result<(), Box<dyn Error>> {
    let file = |name| FileCheckpointer::new(checkpoints, name);
    let _: ModuleRecord = file("model").restore(epoch)?;
    let _: OptimizerRecord = file("optim").restore(epoch)?;
    let record: LrSchedulerRecord = file("scheduler").restore(epoch)?;

    let mut scheduler = ModuleLrScheduler::new(ScheduledRate::new(schedule.clone())).load_record(record);
    let rate = scheduler.step().base();
    let update = epoch * UPDATES_PER_EPOCH;
    let expected = schedule.at(update as u64);
    say(format_args!(
        "checkpoint of epoch {epoch}: next rate {rate:.4e}, by the schedule at update {update}: {expected:.4e}"
    ));
    Ok(())
}
