use rheostat_record::document::{Entry, Node, Value};
use rheostat_record::{DocumentError, Recipe, WorkloadFacts};
use rheostat_score::Role;

use crate::key::TrialKey;
use crate::ruleset::{EXTERNAL_TUNING, Ruleset};
use crate::search::{Dimension, Draw};
use crate::tradeoff::Tradeoff;

/// Many runs that are compared: submissions on workloads, in studies of trials. Read it with [`Study::read`].
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// What it is called.
    pub name: String,
    /// How many trials a submission gets.
    pub ruleset: Ruleset,
    /// What it trains.
    pub workloads: Vec<StudyWorkload>,
    /// What it compares.
    pub submissions: Vec<Submission>,
    /// The points to which every submission is trained, if tradeoff curves are asked for.
    pub tradeoff: Option<Tradeoff>,
    /// The text it was read from.
    pub text: String,
    pub(crate) seed: u64,
    pub(crate) draw: Draw,
    /// Keys of every run, before those of its workload.
    pub(crate) common: Vec<Entry>,
}

/// A workload with what the study fixes for every submission.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyWorkload {
    /// What is known of it.
    pub facts: WorkloadFacts,
    /// What it counts for.
    pub role: Role,
    pub(crate) table: Node,
}

/// A training algorithm: what a study leaves to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// What it is called.
    pub name: String,
    pub(crate) points: Points,
    pub(crate) table: Node,
}

/// What differs between the trials of a study.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Points {
    /// The seed alone.
    One,
    /// Points drawn from a space.
    Space(Vec<Dimension>),
    /// These, in this order: dotted keys with values.
    List(Vec<Vec<(String, Node)>>),
}

impl Study {
    /// Trials of one study of this submission.
    pub fn trials_of(&self, submission: &Submission) -> u64 {
        if let Some(tradeoff) = &self.tradeoff {
            return tradeoff.trials();
        }
        match &submission.points {
            Points::One => 1,
            Points::Space(_) => self.ruleset.trials,
            Points::List(points) => points.len() as u64,
        }
    }

    /// Whether trials of a study differ in more than their seeds.
    pub fn varies(&self) -> bool {
        self.tradeoff.is_some() || self.submissions.iter().any(|submission| submission.points != Points::One)
    }

    /// Every trial, in the order they are run: study by study, so that an early end leaves whole studies of everybody.
    pub fn trials(&self) -> impl Iterator<Item = TrialKey> + '_ {
        let most = self.submissions.iter().map(|submission| self.trials_of(submission)).max().unwrap_or(0);
        let numbers = (0..self.ruleset.studies).flat_map(move |study| (0..most).map(move |trial| (study, trial)));
        numbers.flat_map(move |(study, trial)| {
            self.workloads.iter().flat_map(move |workload| {
                let takes_part = move |submission: &&Submission| trial < self.trials_of(submission);
                self.submissions.iter().filter(takes_part).map(move |submission| TrialKey {
                    submission: submission.name.clone(),
                    workload: workload.facts.name.to_owned(),
                    study,
                    trial,
                })
            })
        })
    }

    /// Read-outs that it wants, if it is of tradeoff curves.
    pub fn read_outs(&self) -> usize {
        let of = |tradeoff: &Tradeoff| tradeoff.modes.len() * tradeoff.points.len();
        let curves = self.tradeoff.as_ref().map_or(0, of) * self.workloads.len() * self.submissions.len();
        curves * self.ruleset.studies as usize
    }

    /// The seed of a run: the same for every submission, so that they meet the same batches, and another for every trial; in a
    /// tradeoff, whose trials are the points of one curve, another for every study.
    pub fn seed_of(&self, key: &TrialKey) -> u64 {
        if self.tradeoff.is_some() {
            return self.seed.wrapping_add(key.study);
        }
        let trials = if self.ruleset.name == EXTERNAL_TUNING { self.most_trials() } else { 1 };
        self.seed.wrapping_add(key.study.wrapping_mul(trials)).wrapping_add(key.trial)
    }

    fn most_trials(&self) -> u64 {
        let most = self.submissions.iter().map(|submission| self.trials_of(submission)).max();
        most.unwrap_or(1).max(self.ruleset.trials)
    }

    /// The workload of this name.
    pub fn workload(&self, name: &str) -> Option<&StudyWorkload> {
        self.workloads.iter().find(|workload| workload.facts.name == name)
    }

    /// The submission of this name.
    pub fn submission(&self, name: &str) -> Option<&Submission> {
        self.submissions.iter().find(|submission| submission.name == name)
    }

    /// The recipe of a trial, and what was drawn for it as dotted keys with values.
    ///
    /// # Errors
    /// What is wrong with it, where it was written; also that its spans do not fit the workload's data as published.
    pub fn recipe(
        &self,
        workload: &StudyWorkload,
        submission: &Submission,
        key: &TrialKey,
    ) -> Result<(Recipe, Vec<(String, String)>), DocumentError> {
        let mut sets = self.point(submission, key);
        let mut point: Vec<_> = sets.iter().map(|(key, value)| (key.clone(), value.display())).collect();
        let origin = &workload.table.origin;
        let value = |value| Node { value, origin: origin.clone() };
        sets.push(("seed".to_owned(), value(Value::Integer(self.seed_of(key).cast_signed()))));
        let user = self.table(workload, submission);
        let facts = std::slice::from_ref(&workload.facts);
        let mut recipe = Recipe::compose(user.clone(), sets.clone(), facts)?;
        if let (Some(limit), true) = (recipe.time_limit, self.ruleset.time_factor != 1.0) {
            let limit = format!("{} s", limit * self.ruleset.time_factor);
            sets.push(("time_limit".to_owned(), value(Value::Text(limit))));
            recipe = Recipe::compose(user, sets, facts)?;
        }
        if let Some(tradeoff) = &self.tradeoff {
            recipe = tradeoff.recipe(&recipe, key.trial)?;
            point = tradeoff.described(key.trial);
        }
        recipe.plan(workload.facts.samples)?;
        Ok((recipe, point))
    }

    /// What a run of the submission begins from: the study's keys, the workload's, the submission's.
    fn table(&self, workload: &StudyWorkload, submission: &Submission) -> Node {
        let mut table = Node { value: Value::Table(self.common.clone()), origin: submission.table.origin.clone() };
        let name = Value::Text(workload.facts.name.to_owned());
        let origin = workload.table.origin.clone();
        let name = Entry { key: "workload".to_owned(), key_origin: origin.clone(), node: Node { value: name, origin } };
        let entries = workload.table.entries().iter().chain(submission.table.entries());
        for entry in entries.cloned().chain([name]) {
            table.insert(entry);
        }
        table
    }

    fn point(&self, submission: &Submission, key: &TrialKey) -> Vec<(String, Node)> {
        match &submission.points {
            Points::One => Vec::new(),
            Points::List(points) => points.get(key.trial as usize).cloned().unwrap_or_default(),
            Points::Space(dimensions) => {
                let index = key.study * self.ruleset.trials + key.trial;
                let drawn = dimensions.iter().enumerate().map(|(axis, dimension)| {
                    let place = self.draw.at(index, axis, self.seed);
                    (dimension.key.clone(), dimension.values.at(place, &submission.table))
                });
                drawn.collect()
            }
        }
    }
}
