//! Study files: what they mean, and what is said of wrong ones.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use common::{THREE, read, study};
use rheostat_bench::{RULESETS, Study, TrialKey};
use rheostat_record::Recipe;

fn recipe(study: &Study, key: &TrialKey) -> (Recipe, Vec<(String, String)>) {
    let (workload, submission) = (study.workload(&key.workload).unwrap(), study.submission(&key.submission).unwrap());
    study.recipe(workload, submission, key).unwrap()
}

#[test]
fn a_study_is_all_submissions_on_all_workloads_study_by_study() {
    let study = study(THREE);
    let names: Vec<String> = study.trials().map(|key| key.to_string()).collect();
    assert_eq!(names.len(), 9);
    assert_eq!(
        names[..4],
        [
            "slow/scripted/study-0/trial-0",
            "right/scripted/study-0/trial-0",
            "fast/scripted/study-0/trial-0",
            "slow/scripted/study-1/trial-0"
        ]
    );
    assert_eq!(study.name, "test");
}

#[test]
fn submissions_meet_the_same_seeds_and_studies_others() {
    let study = study(&format!("seed = 40\n{THREE}"));
    let seeds: Vec<u64> = study.trials().map(|key| recipe(&study, &key).0.seed).collect();
    assert_eq!(seeds, [40, 40, 40, 41, 41, 41, 42, 42, 42]);
}

#[test]
fn a_submission_may_be_the_algorithm_of_a_recipe_file() {
    let study = study("[workload.scripted]\n[submission.cosine]\nrecipe = \"cosine.toml\"\nmomentum = 0.5\n");
    let (recipe, _) = recipe(&study, &study.trials().next().unwrap());
    assert_eq!(recipe.workload.name, "scripted");
    // The budget is the workload's, not the file's.
    assert_eq!(recipe.budget.to_string(), "100 steps");
    assert!(recipe.to_toml().contains("peak = 0.2"));
    assert!(recipe.to_toml().contains("momentum = 0.5"));
}

#[test]
fn what_the_study_fixes_holds_for_every_submission() {
    let text = "[recipe]\nevaluate_every = \"5 steps\"\nbudget = \"50 steps\"\n[workload.scripted]\nbudget = \"60 steps\"\n\
                target = { accuracy = 0.5 }\n[submission.a]\n";
    let study = study(text);
    let (recipe, _) = recipe(&study, &study.trials().next().unwrap());
    let plan = recipe.plan(1000).unwrap();
    assert_eq!((plan.total_steps, plan.evaluate_every, recipe.target.value), (60, 5, 0.5));
    assert!(recipe.stop_at_target, "a trial is over at its target unless the study says otherwise");
}

#[test]
fn a_search_gives_every_trial_of_every_study_its_own_point() {
    let text = "ruleset = \"external_tuning\"\nstudies = 2\ntrials = 4\n[workload.scripted]\n[submission.a.search]\n\
                learning_rate = { low = 1e-3, high = 1.0, scale = \"log\" }\nmomentum = { choices = [0.0, 0.9] }\n";
    for draw in ["halton", "sobol"] {
        let study = study(&format!("draw = \"{draw}\"\n{text}"));
        let keys: Vec<TrialKey> = study.trials().collect();
        assert_eq!(keys.len(), 8);
        let mut rates: Vec<f64> = keys
            .iter()
            .map(|key| {
                let (_, point) = recipe(&study, key);
                assert_eq!((point[0].0.as_str(), point[1].0.as_str()), ("learning_rate", "momentum"));
                point[0].1.parse().unwrap()
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        assert_eq!(rates.len(), 8, "{draw}");
        // Spread over the decades: not all in one half.
        assert!(rates[0] < 10_f64.powf(-2.25) && rates[7] > 10_f64.powf(-0.75), "{draw}: {rates:?}");
    }
}

#[test]
fn points_and_grids_are_taken_as_they_are() {
    let text = "ruleset = \"external_tuning\"\nstudies = 1\n[workload.scripted]\n\
                [submission.list]\npoints = [{ learning_rate = 0.1 }, { learning_rate = 0.2, momentum = 0.5 }]\n\
                [submission.grid.grid]\nlearning_rate = [0.1, 0.3]\nmomentum = [0.0, 0.5, 0.9]\n";
    let study = study(text);
    let points: Vec<String> = study
        .trials()
        .map(|key| {
            let (_, point) = recipe(&study, &key);
            let values: Vec<String> = point.into_iter().map(|(_, value)| value).collect();
            format!("{}:{}", key.submission, values.join(" "))
        })
        .collect();
    assert_eq!(
        points,
        [
            "list:0.1",
            "grid:0.1 0.0",
            "list:0.2 0.5",
            "grid:0.1 0.5",
            "grid:0.1 0.9",
            "grid:0.3 0.0",
            "grid:0.3 0.5",
            "grid:0.3 0.9"
        ]
    );
}

#[test]
fn the_numbers_of_algoperf_are_those_of_its_rules() {
    let of = |name: &str, edition: &str| {
        let found = RULESETS.iter().find(|set| set.name == name && set.edition == edition).unwrap();
        (found.studies, found.trials, found.time_factor)
    };
    assert_eq!(of("external_tuning", "algoperf-0.5"), (5, 5, 1.0));
    assert_eq!(of("self_tuning", "algoperf-0.5"), (5, 1, 3.0));
    assert_eq!(of("external_tuning", "algoperf-0.6"), (3, 5, 1.0));
    assert_eq!(of("self_tuning", "algoperf-0.6"), (3, 1, 1.5));
}

#[test]
fn a_time_limit_is_stretched_for_self_tuning_as_the_edition_says() {
    let text = "edition = \"algoperf-0.5\"\n[workload.scripted]\ntime_limit = \"2 min\"\n[submission.a]\n";
    let study = study(text);
    assert_eq!(recipe(&study, &study.trials().next().unwrap()).0.time_limit, Some(360.0));
}

#[track_caller]
fn refused(text: &str, place: &str, parts: &[&str]) {
    let error = read(text).expect_err(text).to_string();
    let line = error.lines().find(|line| line.contains(parts[0])).unwrap_or_else(|| panic!("{error}"));
    assert!(line.contains(place), "{line} is not at {place}");
    for part in parts {
        assert!(line.contains(part), "{line} does not say {part}");
    }
}

#[test]
fn wrong_studies_are_told_with_their_place_and_the_fix() {
    let workload = "[workload.scripted]\n";
    let one = "[submission.a]\nlearning_rate = 0.1\n";
    refused(
        "[workload.scriptde]\n[submission.a]\n",
        "studies/test.toml:1:",
        &["unknown workload", "did you mean scripted?"],
    );
    refused(workload, "test.toml:1:", &["the study has no submission", "[submission.NAME]"]);
    refused(one, "test.toml:1:", &["the study has no workload"]);
    refused(
        &format!("rulset = \"self_tuning\"\n{workload}{one}"),
        ":1:1",
        &["unknown key rulset", "did you mean ruleset?"],
    );
    refused(&format!("ruleset = \"self\"\n{workload}{one}"), ":1:11", &["ruleset = \"self\"", "self_tuning"]);
    refused(&format!("studies = 0\n{workload}{one}"), ":1:11", &["studies = 0", "from 1"]);
    refused(&format!("trials = 5\n{workload}{one}"), ":1:10", &["trials = 5", "self_tuning"]);
    refused(&format!("{workload}target = {{ loss = 0.1 }}\n{one}"), ":2:", &["has no metric loss", "accuracy"]);
    refused(&format!("{workload}target = {{ accuracy = 95 }}\n{one}"), ":2:", &["accuracy = 95", "from 0 to 1"]);
    refused(&format!("{workload}budget = \"0 epochs\"\n{one}"), ":2:", &["budget"]);
    refused(&format!("{workload}learning_rate = 0.1\n{one}"), ":2:1", &["unknown key learning_rate"]);
    refused(&format!("{workload}{one}budget = \"5 epochs\"\n"), ":4:1", &["a submission may not set budget"]);
    refused(&format!("{workload}{one}lerning_rate = 0.1\n"), ":4:1", &["unknown key lerning_rate", "learning_rate"]);
    refused(
        &format!("{workload}[submission.a]\nlearning_rate = -1.0\n"),
        ":3:",
        &["learning_rate = -1.0", "at least 0"],
    );
    refused(&format!("{workload}[submission.\"a/b\"]\n"), ":2:", &["is no name for a submission"]);
    refused(&format!("{workload}[submission.a]\nrecipe = \"none.toml\"\n"), ":3:", &["none.toml", "cannot be read"]);
    refused(&format!("{workload}role = \"held_out\"\n{one}"), ":2:", &["variant", "base"]);
    refused(
        &format!("{workload}[submission.a.learning_rate]\nmethod = \"cosine\"\npeak = 0.1\nwarmup = \"200 steps\"\n"),
        ":5:",
        &["warmup"],
    );
}

#[test]
fn wrong_search_spaces_are_told_with_their_place_and_the_fix() {
    let head = "ruleset = \"external_tuning\"\n[workload.scripted]\n[submission.a.search]\n";
    refused(&head.replace("external", "self"), ":3:", &["self_tuning has nothing to search", "external_tuning"]);
    refused(head, ":3:", &["nothing to search"]);
    refused(&format!("{head}learning_rate = {{ low = 1.0, high = 0.1 }}\n"), ":4:", &["low < high"]);
    refused(&format!("{head}learning_rate = {{ low = 0, high = 0.1, scale = \"log\" }}\n"), ":4:", &["0 < low < high"]);
    refused(
        &format!("{head}learning_rate = {{ low = 0, high = 0.1, scale = \"lin\" }}\n"),
        ":4:",
        &["neither linear nor log"],
    );
    refused(&format!("{head}momentum = {{ choices = [] }}\n"), ":4:", &["no choices"]);
    refused(&format!("{head}learning_rte = {{ low = 0.0, high = 0.1 }}\n"), ":3:", &["learning_rte"]);
}

#[test]
fn wrong_points_are_told_with_their_place_in_the_study() {
    let head = "ruleset = \"external_tuning\"\n[workload.scripted]\n[submission.a]\n";
    refused(
        &format!("{head}points = [{{ learning_rate = 0.1 }}, {{ learning_rate = -2 }}]\n"),
        ":4:",
        &["learning_rate = -2"],
    );
    refused(&format!("{head}points = []\n"), ":4:", &["no points"]);
    refused(
        &format!("{head}points = [{{ learning_rate = 0.1 }}]\n[submission.a.grid]\nmomentum = [0.1]\n"),
        ":",
        &["both points and grid"],
    );
}
