//! The specification of the cycles: strict to read, refused by name.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use rheostat_control::MetricDirection::{self, Decreasing, Increasing};
use rheostat_control::cycles::{CycleReset, EarlySwitch};
use rheostat_control::{
    ControlError, ControllerMethod, ControllerSpec, Cycles, Hyperparameter, Setting, controllers_of,
};
use rheostat_schedule::{Family, Frame, Kind, Parameter};

fn setting(direction: MetricDirection, target: f64) -> Setting {
    Setting { frame: Frame::steps(900), evaluate_every: 10, target, direction, seed: 0 }
}

fn read(text: &str) -> Cycles {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn fields(errors: &[ControlError]) -> Vec<String> {
    errors.iter().map(|error| error.field().to_owned()).collect()
}

/// The field and the text of the only error.
fn refused(text: &str, setting: &Setting) -> (String, String) {
    let errors = read(text).resolve(setting).expect_err(text);
    assert_eq!(errors.len(), 1, "{text}: {errors:?}");
    (errors[0].field().to_owned(), errors[0].to_string())
}

fn unchecked(text: &str) -> Vec<String> {
    fields(&read(text).check().expect_err(text))
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(read(""), Cycles::default());
    assert_eq!(Cycles::default().check(), Ok(()));
    assert_eq!(read("[reset]").reset, Some(CycleReset::default()));
    assert_eq!(read("[early_switch]").early_switch, Some(EarlySwitch::default()));
}

fn table(name: &str) -> &'static [Parameter] {
    match Cycles::METHOD.parameter(name).expect("declared").kind {
        Kind::Table(parameters) | Kind::Tables(parameters) => parameters,
        other => panic!("{other:?}"),
    }
}

/// The declared defaults as TOML.
fn defaults(parameters: &[Parameter]) -> String {
    let line = |parameter: &Parameter| Some(format!("{} = {}\n", parameter.name, parameter.default?));
    parameters.iter().filter_map(line).collect()
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    assert_eq!(Cycles::METHOD.family, Family::Controller);
    let (reset, early_switch) = (defaults(table("reset")), defaults(table("early_switch")));
    let spec = read(&format!("{}[reset]\n{reset}[early_switch]\n{early_switch}", defaults(Cycles::METHOD.parameters)));
    let (reset, early_switch) = (Some(CycleReset::default()), Some(EarlySwitch::default()));
    assert_eq!(spec, Cycles { reset, early_switch, ..Cycles::default() });
}

#[test]
fn every_field_is_declared() {
    let text = "floor = 0.0\n[[cycle]]\nlength = \"1 steps\"\nweight = 1.0\npeak = 1.0\nwarmup = \"1 steps\"\n\
                warmup_shape = \"linear\"\nhold = \"1 steps\"\ndecay = \"linear\"\nfloor = 0.0\n\
                [[queue]]\n[reset]\nreference = 0.0\ntarget = 1.0\non_missing = 1.0\n[reset.progress]\nmethod = \"table\"\n\
                at = [\"1 steps\"]\nvalues = [1.0]\n[early_switch]\nhorizon = 1\nmin_cycle = \"1 steps\"";
    let written: toml::Table = toml::from_str(&toml::to_string(&read(text)).unwrap()).unwrap();
    let keys = |value: &toml::Value| {
        let table = value.as_array().map_or(value, |tables| &tables[0]).as_table().expect("a table");
        let mut keys: Vec<_> = table.keys().cloned().collect();
        keys.sort_unstable();
        keys
    };
    let names = |parameters: &[Parameter]| {
        let mut names: Vec<_> = parameters.iter().map(|parameter| parameter.name.to_owned()).collect();
        names.sort_unstable();
        names
    };
    for name in ["cycle", "reset", "early_switch"] {
        assert_eq!(keys(&written[name]), names(table(name)), "{name}");
    }
    assert_eq!(table("queue"), table("cycle"));
    assert_eq!(keys(&toml::Value::Table(written)), names(Cycles::METHOD.parameters));
}

#[test]
fn it_survives_toml_and_unknown_keys_are_refused_by_name() {
    let text = "method = \"cycles\"\ncount = 2\n[reset]\nmode = \"params_only\"\nbuffers = \"keep\"\n\
                [reset.progress]\nmethod = \"power_law\"\nscale = -0.5\npower = 0.5\n[early_switch]\nmin_cycle = \"30 steps\"";
    let spec: ControllerSpec = toml::from_str(text).unwrap();
    assert_eq!((spec.name(), spec.check()), ("cycles", Ok(())));
    assert_eq!(toml::from_str::<ControllerSpec>(&toml::to_string(&spec).unwrap()).unwrap(), spec);
    for (text, key) in [
        ("pek = 1.0", "pek"),
        ("[[cycle]]\nlenght = \"1 steps\"", "lenght"),
        ("[reset]\nalfa = 0.5", "alfa"),
        ("[early_switch]\nlambda = 0.5", "lambda"),
        ("[reset.progress]\nmethod = \"best_so_far\"\nvalue = 1.0", "value"),
        ("[reset.progress]\nmethod = \"constant\"\nvalues = 1.0", "values"),
    ] {
        let error = toml::from_str::<Cycles>(text).unwrap_err().to_string();
        assert!(error.contains(key), "{text}: {error}");
    }
}

#[test]
fn it_is_a_controller_of_the_learning_rate() {
    assert!(controllers_of(Hyperparameter::LearningRate).any(|method| method.name == "cycles"));
    assert!(controllers_of(Hyperparameter::Momentum).all(|method| method.name != "cycles"));
}

#[test]
fn its_peak_is_the_largest_of_all_cycles_and_the_queue() {
    let peak = |text: &str| read(text).peak(&setting(Increasing, 0.8));
    assert_eq!(peak(""), Some(1e-3));
    assert_eq!(peak("[[cycle]]\n[[cycle]]\npeak = 0.2"), Some(0.2));
    assert_eq!(peak("[[cycle]]\npeak = 1e-4"), Some(1e-4));
    assert_eq!(peak("[early_switch]\non_exhausted = \"queue\"\n[[queue]]\npeak = 0.5"), Some(0.5));
}

#[test]
fn every_value_out_of_range_is_reported_with_its_table() {
    let text = "peak = 0.0\ncount = 0\nwarmup_from = 2.0\nwarmup_first = 2\nfloor = -1.0\n\
                [[cycle]]\nweight = 0.0\npeak = nan\nfloor = -1.0\n[[cycle]]\nlength = \"0 steps\"\n[[cycle]]\nlength = \"1 steps\"\n\
                [reset]\nalpha = 1.5\nsmoothing = 0.0\non_missing = -0.1\nreference = inf\ntarget = nan\n\
                [reset.progress]\nmethod = \"power_law\"\nscale = nan\npower = 0.0\n\
                [early_switch]\nsmoothing = 0.0\nrecovery = 0\nhorizon = 0\nmin_cycle = \"0 steps\"\nrise = nan\nregain = inf";
    let mut found = unchecked(text);
    found.sort_unstable();
    let wanted = [
        "count",
        "count",
        "cycle",
        "cycle[0].floor",
        "cycle[0].peak",
        "cycle[0].weight",
        "cycle[1].length",
        "early_switch.horizon",
        "early_switch.min_cycle",
        "early_switch.recovery",
        "early_switch.regain",
        "early_switch.rise",
        "early_switch.smoothing",
        "floor",
        "peak",
        "reset.alpha",
        "reset.on_missing",
        "reset.progress.power",
        "reset.progress.scale",
        "reset.reference",
        "reset.smoothing",
        "reset.target",
        "warmup_first",
        "warmup_from",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn what_does_not_go_together_is_refused_by_name() {
    for (text, wanted) in [
        ("peak = 0.1\nfloor = 0.2", "floor"),
        ("floor = 0.2\npeak = 0.3\n[[cycle]]\npeak = 0.1", "cycle[0].peak"),
        ("[[cycle]]\nfloor = 0.2", "cycle[0].floor"),
        ("decay = \"exponential\"\nfloor = 0.0", "floor"),
        ("floor = 0.0\n[[cycle]]\ndecay = \"exponential\"", "floor"),
        ("warmup_shape = \"exponential\"", "warmup_from"),
        ("count = 4\n[[cycle]]\n[[cycle]]", "count"),
        ("[[cycle]]\nlength = \"5 steps\"\n[[cycle]]", "cycle"),
        ("[[cycle]]\nlength = \"5 steps\"\nweight = 1.0", "cycle[0].weight"),
        ("[[queue]]", "queue"),
        ("[early_switch]\n[[queue]]", "queue"),
        ("[early_switch]\non_exhausted = \"queue\"", "queue"),
        ("[early_switch]\non_exhausted = \"queue\"\n[[queue]]\nweight = 2.0", "queue[0].weight"),
        ("[reset]\ntarget = 0.5\n[reset.progress]\nmethod = \"best_so_far\"", "reset.target"),
        ("[reset.progress]\nmethod = \"table\"\nat = [\"1 steps\"]\nvalues = []", "reset.progress.values"),
    ] {
        assert_eq!(unchecked(text), [wanted], "{text}");
    }
    assert_eq!(read("warmup = \"0 %\"\nwarmup_shape = \"exponential\"").check(), Ok(()));
}

#[test]
fn what_the_run_cannot_hold_is_refused_by_name() {
    let run = setting(Increasing, 0.8);
    for (text, wanted, says) in [
        ("warmup = \"400 steps\"", "warmup", "300"),
        ("hold = \"99 %\"", "hold", "297"),
        ("warmup = \"1 epochs\"", "warmup", "steps per epoch"),
        ("[[cycle]]\n[[cycle]]\nwarmup = \"450 steps\"", "cycle[1].warmup", "450"),
        ("count = 1000", "count", "1000 cycles"),
        ("[[cycle]]\nlength = \"30 %\"\n[[cycle]]\nlength = \"60 %\"", "cycle", "100 %"),
        ("[[cycle]]\nlength = \"300 steps\"\n[[cycle]]\nlength = \"400 steps\"", "cycle", "700 updates"),
        ("[[cycle]]\nlength = \"2 epochs\"\n[[cycle]]\nlength = \"400 steps\"", "cycle[0].length", "steps per epoch"),
        ("[early_switch]\nmin_cycle = \"301 steps\"", "early_switch.min_cycle", "301"),
        ("[early_switch]\non_exhausted = \"queue\"\n[[queue]]\nwarmup = \"900 steps\"", "queue[0].warmup", "900"),
    ] {
        let (field, why) = refused(text, &run);
        assert!(field == wanted && why.contains(says), "{text}: {why}");
    }
    for frame in [Frame::unbounded(), Frame::steps(0)] {
        assert_eq!(refused("", &Setting { frame, ..run.clone() }).0, "count");
    }
    let without = Setting { evaluate_every: 0, ..run };
    assert_eq!(refused("[early_switch]", &without).0, "early_switch");
}

#[test]
fn a_target_that_is_not_better_than_the_reference_is_refused() {
    for (text, direction, target, wanted) in [
        ("[reset]", Increasing, 0.0, "reset.target"),
        ("[reset]", Increasing, -0.5, "reset.target"),
        ("[reset]", Increasing, f64::NAN, "reset.target"),
        ("[reset]\nreference = 0.8", Increasing, 0.8, "reset.reference"),
        ("[reset]\nreference = 0.1", Decreasing, 0.2, "reset.reference"),
        ("[reset]\nreference = 0.9\ntarget = 0.95", Decreasing, 0.2, "reset.reference"),
        ("[reset]\ntau = \"ratio_to_current\"", Increasing, 0.8, "reset.tau"),
        ("[reset]\ntau = \"ratio_to_target\"", Decreasing, -0.1, "reset.target"),
        ("[reset]\ntau = \"ratio_to_target\"\nreference = 1.0", Decreasing, 0.1, "reset.reference"),
        ("[reset.progress]\nmethod = \"constant\"\nvalue = -1.0", Increasing, 0.8, "reset.progress"),
    ] {
        assert_eq!(refused(text, &setting(direction, target)).0, wanted, "{text} {direction:?} {target}");
    }
    for (text, direction, target) in [
        ("[reset]", Decreasing, 0.2),
        ("[reset]\nreference = -1.0", Increasing, -0.5),
        ("[reset]\nmode = \"hard\"", Increasing, f64::NAN),
        ("[reset.progress]\nmethod = \"best_so_far\"", Increasing, f64::NAN),
    ] {
        assert!(read(text).resolve(&setting(direction, target)).is_ok(), "{text}");
    }
}

#[test]
fn the_recipes_are_specifications() {
    let frame = Frame::steps(990).steps_per_epoch(33);
    let run = Setting { frame, evaluate_every: 10, ..setting(Increasing, 0.95) };
    for text in [
        include_str!("../../../recipes/cycles.toml"),
        include_str!("../../../recipes/soft-reset.toml"),
        include_str!("../../../recipes/early-switch.toml"),
    ] {
        let recipe: toml::Table = toml::from_str(text).unwrap();
        let spec: ControllerSpec = recipe["learning_rate"].clone().try_into().unwrap();
        let begun = spec.resolve(Hyperparameter::LearningRate, &run).expect("resolves").begin();
        assert_eq!((begun.actions, begun.reason), (Vec::new(), None));
    }
}
