//! A study as a file: TOML, checked as recipes are, with every error of the file at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use rheostat_record::document::{Entry, Findings, Node, Value, nearest};
use rheostat_record::{DocumentError, RECIPE_KEYS, Source, WorkloadFacts};
use rheostat_score::Role;

use crate::ruleset::{EXTERNAL_TUNING, RULESETS, Ruleset, SELF_TUNING};
use crate::search::Draw;
use crate::study::{Points, Study, StudyWorkload, Submission};
use crate::study_points::points;
use crate::tradeoff::Tradeoff;

/// What stands at the top of a study, besides what of a recipe's keys holds for every run.
const KEYS: [&str; 9] = ["name", "ruleset", "edition", "studies", "trials", "seed", "draw", "recipe", "tradeoff"];

/// The keys of a recipe that belong to the study: no submission sets them for itself.
const OF_THE_STUDY: [&str; 9] = [
    "budget",
    "evaluate_every",
    "checkpoint_every",
    "keep_checkpoints",
    "target",
    "stop_at_target",
    "time_limit",
    "spent_limit",
    "test",
];

impl Study {
    /// Reads a study: parses, fills in what its ruleset says, and composes the recipe of every submission on every workload.
    /// `name` is the file's, for messages; `include` reads a recipe file that a submission names.
    ///
    /// # Errors
    /// Everything that is wrong, each with file, line, column, value, permitted range and nearest known name.
    pub fn read(
        name: &str,
        text: &str,
        workloads: &[WorkloadFacts],
        include: &dyn Fn(&str) -> std::io::Result<String>,
    ) -> Result<Self, DocumentError> {
        let mut findings = Findings::default();
        let root = Node::parse(&Source::new(name, text), &mut findings);
        let study = read(&root, name, text, workloads, include, &mut findings);
        if let (Some(study), true) = (&study, findings.is_empty()) {
            study.check(&root, &mut findings);
        }
        findings.or(study)
    }

    /// Composes the recipe of every trial that differs from others in more than its seed.
    fn check(&self, root: &Node, findings: &mut Findings) {
        let mut scheduled = BTreeSet::new();
        for key in self.trials() {
            let (Some(workload), Some(submission)) = (self.workload(&key.workload), self.submission(&key.submission))
            else {
                continue;
            };
            let several = self.tradeoff.is_some() || submission.points != Points::One;
            let differs = key.study == 0 && (key.trial == 0 || several);
            let drawn = matches!(submission.points, Points::Space(_));
            if !differs && !drawn {
                continue;
            }
            match self.recipe(workload, submission, &key) {
                Ok((recipe, _)) => scheduled.extend(recipe.moving()),
                Err(error) => findings.extend(error),
            }
        }
        if let (Some(tradeoff), true) = (&self.tradeoff, findings.is_empty()) {
            tradeoff.check_stay(&scheduled, root, findings);
        }
    }
}

fn read(
    root: &Node,
    file: &str,
    text: &str,
    workloads: &[WorkloadFacts],
    include: &dyn Fn(&str) -> std::io::Result<String>,
    findings: &mut Findings,
) -> Option<Study> {
    let ruleset = ruleset(root, findings)?;
    let tables = ["workload", "submission"];
    for entry in root.entries() {
        if !KEYS.contains(&entry.key.as_str()) && !tables.contains(&entry.key.as_str()) {
            let known: Vec<&str> = KEYS.iter().chain(&tables).copied().collect();
            findings.add(&entry.key_origin, format!("unknown key {}", entry.key), nearest(&entry.key, &known));
        }
    }
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = stem.strip_suffix(".toml").unwrap_or(stem);
    let name = match root.entry("name") {
        Some(entry) => text_of(entry, findings)?.to_owned(),
        None => stem.to_owned(),
    };
    let common = root.get("recipe").map(Node::entries).unwrap_or_default();
    of_the_study(common, &[], findings);
    let tradeoff = match root.entry("tradeoff") {
        Some(entry) => Some(Tradeoff::read(entry, findings)?),
        None => None,
    };
    let mut study = Study {
        name,
        ruleset,
        workloads: Vec::new(),
        submissions: Vec::new(),
        text: text.to_owned(),
        seed: whole(root, "seed", 0, findings)?.unwrap_or(0),
        draw: draw(root, findings)?,
        common: with_defaults(common, root, tradeoff.is_none()),
        tradeoff,
    };
    for entry in tables_of(root, "workload", findings) {
        study.workloads.extend(workload(entry, workloads, findings));
    }
    for entry in tables_of(root, "submission", findings) {
        study.submissions.extend(submission(entry, &study.ruleset, include, findings));
    }
    bases(&study, root, findings);
    if study.tradeoff.is_some() {
        of_the_tradeoff(&study, root, findings);
    }
    Some(study)
}

/// The points are the budgets, every run goes to its end, and nothing else tells trials apart.
fn of_the_tradeoff(study: &Study, root: &Node, findings: &mut Findings) {
    if study.ruleset.name == EXTERNAL_TUNING {
        let message = "a tradeoff has the points of its curves in place of a search";
        findings.add(root.origin_of("ruleset"), message, Some(format!("leave ruleset = \"{EXTERNAL_TUNING}\" out")));
    }
    let workloads = study.workloads.iter().map(|workload| workload.table.entries());
    for entry in workloads.chain([root.get("recipe").map(Node::entries).unwrap_or_default()]).flatten() {
        let message = match (entry.key.as_str(), &entry.node.value) {
            ("budget", _) => "the points of the tradeoff are the budgets",
            ("stop_at_target", Value::Boolean(true)) => "a curve goes on beyond the target",
            _ => continue,
        };
        findings.add(&entry.key_origin, message, Some(format!("leave {} out", entry.key)));
    }
}

/// A study is over for a trial once it met its target, unless the file says otherwise; a tradeoff goes on.
fn with_defaults(common: &[Entry], root: &Node, stop_at_target: bool) -> Vec<Entry> {
    let mut common = common.to_vec();
    if !common.iter().any(|entry| entry.key == "stop_at_target") {
        let node = Node { value: Value::Boolean(stop_at_target), origin: root.origin.clone() };
        common.push(Entry { key: "stop_at_target".to_owned(), key_origin: root.origin.clone(), node });
    }
    common
}

fn ruleset(root: &Node, findings: &mut Findings) -> Option<Ruleset> {
    let editions: Vec<&str> = RULESETS.iter().filter(|set| set.name == SELF_TUNING).map(|set| set.edition).collect();
    let name = choice(root, "ruleset", &[SELF_TUNING, EXTERNAL_TUNING], findings);
    let edition = choice(root, "edition", &editions, findings);
    let (name, edition) = (name?, edition?);
    let mut ruleset = *RULESETS.iter().find(|set| set.name == name && set.edition == edition)?;
    ruleset.studies = whole(root, "studies", 1, findings)?.unwrap_or(ruleset.studies);
    if let Some(trials) = whole(root, "trials", 1, findings)? {
        if name == SELF_TUNING && trials != 1 {
            let help = Some(format!("set studies for repetitions, or ruleset = \"{EXTERNAL_TUNING}\" for a search"));
            findings.add(root.origin_of("trials"), format!("trials = {trials}, but {SELF_TUNING} has one"), help);
        }
        ruleset.trials = trials;
    }
    Some(ruleset)
}

/// The first is the default.
fn choice<'c>(root: &Node, key: &str, choices: &[&'c str], findings: &mut Findings) -> Option<&'c str> {
    let Some(node) = root.get(key) else { return choices.first().copied() };
    let found = choices.iter().copied().find(|choice| node.text() == Some(choice));
    if found.is_none() {
        let help = nearest(node.text().unwrap_or_default(), choices);
        findings.add(&node.origin, format!("{key} = {} is none of {}", node.display(), choices.join(", ")), help);
    }
    found
}

fn draw(root: &Node, findings: &mut Findings) -> Option<Draw> {
    let names = Draw::ALL.map(|(name, _)| name);
    let name = choice(root, "draw", &names, findings)?;
    Draw::ALL.iter().find(|(known, _)| *known == name).map(|(_, draw)| *draw)
}

/// The outer option: whether it could be read; the inner: whether there is one.
fn whole(root: &Node, key: &str, least: i64, findings: &mut Findings) -> Option<Option<u64>> {
    let Some(node) = root.get(key) else { return Some(None) };
    match node.value {
        Value::Integer(integer) if integer >= least && integer <= 1_000_000 => Some(Some(integer.unsigned_abs())),
        _ => {
            let message = format!("{key} = {} is no whole number from {least} to 1000000", node.display());
            findings.add(&node.origin, message, None);
            None
        }
    }
}

fn text_of<'n>(entry: &'n Entry, findings: &mut Findings) -> Option<&'n str> {
    let text = entry.node.text();
    if text.is_none() {
        findings.add(&entry.node.origin, format!("{} is {}, not a text", entry.key, entry.node.kind()), None);
    }
    text
}

/// The tables under `[key.NAME]`, of which there must be one.
fn tables_of<'n>(root: &'n Node, key: &str, findings: &mut Findings) -> &'n [Entry] {
    let entries = root.get(key).map(Node::entries).unwrap_or_default();
    if entries.is_empty() {
        let origin = root.get(key).map_or(&root.origin, |node| &node.origin);
        findings.add(origin, format!("the study has no {key}"), Some(format!("write [{key}.NAME]")));
    }
    for entry in entries {
        if !matches!(entry.node.value, Value::Table(_)) {
            let message = format!("{key} {} is {}, not a table", entry.key, entry.node.kind());
            findings.add(&entry.node.origin, message, Some(format!("write [{key}.{}]", entry.key)));
        }
    }
    entries
}

fn workload(entry: &Entry, known: &[WorkloadFacts], findings: &mut Findings) -> Option<StudyWorkload> {
    let Some(facts) = known.iter().find(|facts| facts.name == entry.key) else {
        let names: Vec<&str> = known.iter().map(|facts| facts.name).collect();
        findings.add(&entry.key_origin, format!("unknown workload {:?}", entry.key), nearest(&entry.key, &names));
        return None;
    };
    let mut table = entry.node.clone();
    let base = table.take("base").and_then(|base| text_of(&base, findings).map(str::to_owned));
    let role = match table.take("role") {
        None => Role::Base,
        Some(role) => match (role.node.text(), base) {
            (Some("base"), _) => Role::Base,
            (Some("extra"), _) => Role::Extra,
            (Some("held_out"), Some(base)) => Role::HeldOut(base),
            (Some("held_out"), None) => {
                let help = Some("name it with base = \"WORKLOAD\"".to_owned());
                findings.add(&role.node.origin, "a held-out workload is a variant of another one", help);
                return None;
            }
            (_, _) => {
                let message = format!("role = {} is none of base, held_out, extra", role.node.display());
                findings.add(&role.node.origin, message, None);
                return None;
            }
        },
    };
    of_the_study(table.entries(), &["role", "base"], findings);
    Some(StudyWorkload { facts: *facts, role, table })
}

/// Held-out workloads are variants of workloads that are there.
fn bases(study: &Study, root: &Node, findings: &mut Findings) {
    let is_base = |name: &String| study.workloads.iter().any(|own| own.facts.name == name && own.role == Role::Base);
    for workload in &study.workloads {
        if let Role::HeldOut(base) = &workload.role
            && !is_base(base)
        {
            let origin = root.origin_of(&format!("workload.{}.base", workload.facts.name));
            findings.add(origin, format!("base = {base:?} is no base workload of this study"), None);
        }
    }
}

/// What the study fixes for all must be keys that are its to fix.
fn of_the_study(entries: &[Entry], besides: &[&str], findings: &mut Findings) {
    for entry in entries.iter().filter(|entry| !OF_THE_STUDY.contains(&entry.key.as_str())) {
        let known: Vec<&str> = OF_THE_STUDY.iter().chain(besides).copied().collect();
        let of_a_submission = RECIPE_KEYS.iter().any(|key| key.name == entry.key) || entry.key == "optimizer";
        let message = match entry.key.as_str() {
            "seed" => "the study sets the seed of every run from its own seed".to_owned(),
            key if of_a_submission => format!("{key} is for submissions to set"),
            key => format!("unknown key {key}"),
        };
        findings.add(&entry.key_origin, message, nearest(&entry.key, &known));
    }
}

fn submission(
    entry: &Entry,
    ruleset: &Ruleset,
    include: &dyn Fn(&str) -> std::io::Result<String>,
    findings: &mut Findings,
) -> Option<Submission> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.+=".contains(letter);
    if !entry.key.chars().all(letter) || entry.key.starts_with('.') || entry.key.is_empty() {
        let help = Some("letters, digits, - _ . + =, not beginning with a dot: it names a folder".to_owned());
        findings.add(&entry.key_origin, format!("{:?} is no name for a submission", entry.key), help);
        return None;
    }
    let mut own = entry.node.clone();
    let mut table = Node { value: Value::Table(Vec::new()), origin: own.origin.clone() };
    if let Some(file) = own.take("recipe") {
        included(&file, include, findings)?.into_iter().for_each(|entry| table.insert(entry));
    }
    let points = points(&mut own, ruleset, findings);
    for entry in own.entries() {
        let key = entry.key.as_str();
        if OF_THE_STUDY.contains(&key) || key == "workload" || key == "seed" {
            let help = Some("the study sets it for every submission: in [recipe] or [workload.NAME]".to_owned());
            findings.add(&entry.key_origin, format!("a submission may not set {key}"), help);
        }
        table.insert(entry.clone());
    }
    Some(Submission { name: entry.key.clone(), points: points?, table })
}

/// The algorithm of a recipe file: all that is not the study's to say.
fn included(
    entry: &Entry,
    include: &dyn Fn(&str) -> std::io::Result<String>,
    findings: &mut Findings,
) -> Option<Vec<Entry>> {
    let path = text_of(entry, findings)?;
    match include(path) {
        Ok(text) => {
            let source: Arc<Source> = Source::new(path, &text);
            let node = Node::parse(&source, findings);
            let own = |entry: &&Entry| {
                let key = entry.key.as_str();
                !OF_THE_STUDY.contains(&key) && key != "workload" && key != "seed"
            };
            Some(node.entries().iter().filter(own).cloned().collect())
        }
        Err(error) => {
            findings.add(&entry.node.origin, format!("recipe = {:?} cannot be read: {error}", path), None);
            None
        }
    }
}
