use rheostat_record::{ReadOut, Recipe, Status, TrialResult};
use rheostat_score::{ReadOutRow, Role, TrialRow};

use crate::TrialKey;
use crate::study::{Study, StudyWorkload};

/// What is known of a trial before it is run.
pub(crate) struct Planned<'a> {
    pub(crate) study: &'a Study,
    pub(crate) workload: &'a StudyWorkload,
    pub(crate) key: &'a TrialKey,
    pub(crate) recipe: &'a Recipe,
    pub(crate) point: &'a [(String, String)],
}

impl Planned<'_> {
    /// Updates of the whole budget, on the data as published.
    pub(crate) fn budget_steps(&self) -> u64 {
        self.recipe.plan(self.workload.facts.samples).map_or(0, |plan| plan.total_steps)
    }

    /// The row of a trial that came to a result.
    pub(crate) fn row(&self, done: &TrialResult) -> TrialRow {
        let (manifest, result) = (&done.manifest, &done.result);
        TrialRow {
            status: status(result.status).to_owned(),
            reached: result.steps_to_target.is_some(),
            eval_index: result.evaluations_to_target.map(|count| count.saturating_sub(1)),
            steps_to_target: result.steps_to_target,
            time_to_target_s: result.seconds_to_target.unwrap_or(f64::INFINITY),
            forwards_to_target: result.forwards_to_target,
            backwards_to_target: result.backwards_to_target,
            n_evals: result.evaluations,
            best_metric: result.best.map(|best| best.metric),
            best_step: result.best.map(|best| best.step),
            best_loss: result.best.map(|best| best.loss),
            final_metric: result.last.map(|last| last.metric),
            final_loss: result.last.map(|last| last.loss),
            test_metric: result.test.map(|test| test.metric),
            steps: result.steps_spent,
            forwards: Some(result.forwards),
            backwards: Some(result.backwards),
            budget_steps: manifest.budget_steps,
            train_s: result.train_seconds,
            eval_s: result.eval_seconds,
            record_s: result.record_seconds,
            samples: manifest.samples,
            threads: manifest.threads,
            processor: manifest.processor.clone(),
            program: manifest.program.clone(),
            ..self.failed("")
        }
    }

    /// The rows of what a trial was read out as.
    pub(crate) fn read_outs(&self, done: &TrialResult) -> Vec<ReadOutRow> {
        let Some(tradeoff) = &self.study.tradeoff else { return Vec::new() };
        let (mode, first) = tradeoff.trial(self.key.trial);
        let (manifest, target) = (&done.manifest, &self.recipe.target);
        let finite = |metric: f64| Some(metric).filter(|metric| metric.is_finite());
        let row = |(index, read_out): (usize, &ReadOut)| ReadOutRow {
            submission: self.key.submission.clone(),
            workload: self.key.workload.clone(),
            study: self.key.study,
            trial: self.key.trial,
            seed: self.recipe.seed,
            mode,
            point: (first + index) as u64,
            step: read_out.step,
            spent: read_out.spent,
            forwards: read_out.forwards,
            backwards: read_out.backwards,
            train_s: read_out.train_seconds,
            metric: target.metric.clone(),
            direction: target.direction.name().to_owned(),
            end_metric: finite(read_out.val_metric),
            best_metric: read_out.best_metric.and_then(finite),
            best_step: read_out.best_step,
            test_metric: finite(read_out.test_metric),
            budget_steps: manifest.budget_steps,
            samples: manifest.samples,
            threads: manifest.threads,
            processor: manifest.processor.clone(),
            program: manifest.program.clone(),
            recipe_hash: self.recipe.hash(),
        };
        done.result.read_outs.iter().enumerate().map(row).collect()
    }

    /// The row of a trial that came to none.
    pub(crate) fn failed(&self, why: &str) -> TrialRow {
        let (role, base) = match &self.workload.role {
            Role::Base => ("base", ""),
            Role::HeldOut(base) => ("held_out", base.as_str()),
            Role::Extra => ("extra", ""),
        };
        let target = &self.recipe.target;
        let point: Vec<String> = self.point.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        TrialRow {
            ruleset: self.study.ruleset.name.to_owned(),
            submission: self.key.submission.clone(),
            workload: self.key.workload.clone(),
            role: role.to_owned(),
            base: base.to_owned(),
            study: self.key.study,
            trial: self.key.trial,
            seed: self.recipe.seed,
            status: "failed".to_owned(),
            why: why.to_owned(),
            metric: target.metric.clone(),
            direction: target.direction.name().to_owned(),
            target: target.value,
            reached: false,
            eval_index: None,
            steps_to_target: None,
            time_to_target_s: f64::INFINITY,
            forwards_to_target: None,
            backwards_to_target: None,
            n_evals: 0,
            best_metric: None,
            best_step: None,
            best_loss: None,
            final_metric: None,
            final_loss: None,
            test_metric: None,
            steps: 0,
            forwards: None,
            backwards: None,
            budget_steps: self.budget_steps(),
            train_s: 0.0,
            eval_s: 0.0,
            record_s: 0.0,
            samples: self.workload.facts.samples,
            threads: 0,
            processor: String::new(),
            program: String::new(),
            recipe_hash: self.recipe.hash(),
            point: point.join("; "),
        }
    }
}

/// As `result.json` has it.
fn status(status: Status) -> &'static str {
    match status {
        Status::Finished => "finished",
        Status::TargetMet => "target_met",
        Status::Diverged => "diverged",
        Status::TimeLimit => "time_limit",
        Status::SpentLimit => "spent_limit",
        Status::Interrupted => "interrupted",
    }
}
