//! Specifications of line searches: strict to read, refused by name.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use rheostat_control::line_searches::{AdamSls, Alsals, BestStep, Criterion, Salsa, Sls};
use rheostat_control::{
    ControlError, LINE_SEARCHES, LineSearchMethod, LineSearchSpec, MetricDirection, OptimizerSpec, Setting,
};
use rheostat_schedule::{Family, Frame, Span};

fn every_spec() -> [LineSearchSpec; 5] {
    [
        LineSearchSpec::Sls(Sls::default()),
        LineSearchSpec::AdamSls(AdamSls::default()),
        LineSearchSpec::Alsals(Alsals::default()),
        LineSearchSpec::Salsa(Salsa::default()),
        LineSearchSpec::BestStep(BestStep::default()),
    ]
}

fn setting(frame: Frame) -> Setting {
    Setting { frame, evaluate_every: 50, target: 0.9, direction: MetricDirection::Increasing, seed: 0 }
}

fn read(text: &str) -> LineSearchSpec {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn optimizer(text: &str) -> OptimizerSpec {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn messages(errors: &[ControlError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_bare_method_name_is_a_whole_specification() {
    for spec in every_spec() {
        assert_eq!(read(&format!("method = {:?}", spec.name())), spec);
        assert_eq!(spec.check(), Ok(()));
        assert!(spec.resolve(&setting(Frame::unbounded())).is_ok());
        assert_eq!(read(&toml::to_string(&spec).unwrap()), spec);
    }
    let listed: Vec<_> = LINE_SEARCHES.iter().map(|method| (method.name, method.family)).collect();
    let names = ["sls", "adam_sls", "alsals", "salsa", "best_step"];
    assert_eq!(listed, names.map(|name| (name, Family::LineSearch)));
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force_and_every_field_is_declared() {
    for spec in every_spec() {
        let parameters = spec.method().parameters;
        assert!(parameters.iter().all(|parameter| !parameter.required && !parameter.source.is_empty()));
        let declared = parameters.iter().filter_map(|it| Some(format!("{} = {}\n", it.name, it.default?)));
        let given: String = declared.collect();
        assert_eq!(read(&format!("method = {:?}\n{given}", spec.name())), spec);
        // What is absent by default takes a number.
        let absent = parameters.iter().filter(|it| it.default.is_none()).map(|it| format!("{} = 1.5\n", it.name));
        let all = read(&format!("method = {:?}\n{given}{}", spec.name(), absent.collect::<String>()));
        let written: toml::Table = toml::from_str(&toml::to_string(&all).unwrap()).unwrap();
        let mut names: Vec<_> = parameters.iter().map(|parameter| parameter.name).chain(["method"]).collect();
        names.sort_unstable();
        assert_eq!(written.keys().map(String::as_str).collect::<Vec<_>>(), names);
    }
}

#[test]
fn published_forms_are_what_the_papers_and_programs_have() {
    let (paper, code) = (Alsals::paper(), Alsals::code());
    assert_eq!((paper.c, paper.probe, paper.growth, paper.resolution), (0.6, 5e-8, Some(1.0013872557113346), 0.0));
    assert_eq!((code.c, code.probe, code.probe_retries, code.growth), (0.5, 5e-9, 8, Some(1.0 / 0.999)));
    assert_eq!(Alsals { smoothing: 0.99, ..Alsals::plain() }, Alsals::default());
    for spec in [Alsals::paper(), Alsals::code(), Alsals::plain()] {
        assert_eq!(spec.check(), Ok(()));
    }
    assert_eq!(Salsa::published().check(), Ok(()));
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    for spec in every_spec() {
        let text = format!("method = {:?}\nbactrack = 0.5", spec.name());
        let error = toml::from_str::<LineSearchSpec>(&text).unwrap_err();
        assert!(error.to_string().contains("bactrack"), "{error}");
    }
}

#[test]
fn a_cap_is_checked_by_its_place() {
    let run = setting(Frame::steps(100));
    for spec in every_spec() {
        let read = |cap: &str| read(&format!("method = {:?}\ncap = {cap}", spec.name()));
        let wrong = read("{ method = \"cosine\", peak = -1.0, warmup = \"150 %\" }").check().unwrap_err();
        assert!(wrong.iter().all(|error| error.field().starts_with("cap.")), "{wrong:?}");
        let below = read("{ method = \"linear\", start = 0.1, end = -0.1 }");
        let below = below.resolve(&run).err().unwrap();
        let want = format!("cap: learning_rate is {} at update 99, must be finite and at least 0", 0.1 - 0.2 * 0.99);
        assert_eq!(messages(&below), [want]);
        assert!(read("{ method = \"cosine\", peak = 0.1 }").resolve(&run).is_ok());
        let endless = read("{ method = \"cosine\", peak = 0.1 }").resolve(&setting(Frame::unbounded())).err().unwrap();
        assert!(endless[0].field().starts_with("cap"), "{endless:?}");
    }
}

#[test]
fn every_value_out_of_range_is_reported() {
    let spec = Alsals {
        c: 1.0,
        backtrack: 1.0,
        growth: Some(0.99),
        initial: 0.0,
        maximum: f64::NAN,
        smoothing: 1.0,
        probe: 0.0,
        probe_retries: 9,
        credit_cap: Some(-1.0),
        max_backtracks: 0,
        resolution: -1.0,
        warmup: Span::Fraction(1.0),
        ..Alsals::default()
    };
    let want = [
        "c = 1 is out of range: more than 0 and less than 1",
        "backtrack = 1 is out of range: more than 0 and less than 1",
        "growth = 0.99 is out of range: at least 1",
        "initial = 0 is out of range: at least 1e-10 and at most `maximum`",
        "maximum = NaN is out of range: more than 0",
        "smoothing = 1 is out of range: at least 0 and less than 1",
        "max_backtracks = 0 is out of range: 1 to 500",
        "resolution = -1 is out of range: at least 0 and less than 1",
        "warmup = 1 is out of range: at least 0 and less than the run",
        "probe = 0 is out of range: more than 0 and at most 1",
        "probe_retries = 9 is out of range: 0 to 8",
        "credit_cap = -1 is out of range: at least 0",
    ];
    assert_eq!(messages(&spec.check().unwrap_err()), want);
    assert_eq!(messages(&spec.resolve(&setting(Frame::unbounded())).err().unwrap()), want);
    let want = [
        "low = 0 is out of range: more than 0",
        "points = 1 is out of range: 2 to 500",
        "refine = 101 is out of range: 0 to 100",
    ];
    let spec = BestStep { low: 0.0, points: 1, refine: 101, ..BestStep::default() };
    assert_eq!(messages(&spec.check().unwrap_err()), want);
    for c in [0.0, 1.0, -0.1, f64::NAN] {
        for text in ["sls", "adam_sls", "alsals", "salsa"] {
            let spec = read(&format!(
                "method = {text:?}\nc = {}",
                if c.is_nan() { "nan".to_owned() } else { format!("{c:?}") }
            ));
            assert_eq!(spec.check().unwrap_err()[0].field(), "c", "{text}");
        }
    }
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    let refused = |text: &str| messages(&read(text).check().unwrap_err());
    let want = ["initial: 20 is more than `maximum` = 10: lower it, or raise `maximum`"];
    assert_eq!(refused("method = \"salsa\"\ninitial = 20.0"), want);
    let want = ["low: 1 is not less than `high` = 0.5: there is nothing to search"];
    assert_eq!(refused("method = \"best_step\"\nlow = 1.0\nhigh = 0.5"), want);
    let want = ["c: 0.5 leaves nothing between c and 1 - c to accept: less than 0.5 with goldstein"];
    assert_eq!(refused("method = \"sls\"\ncriterion = \"goldstein\"\nc = 0.5"), want);
    assert_eq!(Sls { criterion: Criterion::Goldstein, c: 0.49, ..Sls::default() }.check(), Ok(()));
}

#[test]
fn what_the_run_cannot_hold_is_refused_by_name() {
    let refused = |spec: &Sls, frame: Frame| messages(&spec.resolve(&setting(frame)).err().unwrap());
    let spec = Sls { warmup: Span::Steps(100), ..Sls::default() };
    let want = [
        "growth: an epoch has 0 batches, so there is no 2^(1 / batches): give a number",
        "warmup: 100 updates leave nothing to search in a run of 100: shorten it",
    ];
    assert_eq!(refused(&spec, Frame::steps(100).steps_per_epoch(0)), want);
    let spec = Sls { growth: Some(1.1), warmup: Span::Epochs(1.0), ..Sls::default() };
    let why = refused(&spec, Frame::steps(100));
    assert!(why.len() == 1 && why[0].starts_with("warmup: ") && why[0].contains("steps per epoch"), "{why:?}");
    assert!(Sls::default().resolve(&setting(Frame::steps(0))).is_ok());
}

#[test]
fn optimizers_that_a_search_cannot_serve_are_refused() {
    let fits = |search: &LineSearchSpec, text: &str| search.check_optimizer(&optimizer(text));
    for search in every_spec() {
        for method in ["sgd", "heavy_ball", "nesterov", "adam", "adamw"] {
            let of_adam = method.starts_with("adam");
            let want = match search.name() {
                "sls" => !of_adam,
                "adam_sls" => of_adam,
                _ => true,
            };
            assert_eq!(fits(&search, &format!("method = {method:?}")).is_ok(), want, "{} with {method}", search.name());
        }
        // Muon's directions are directions, but neither the gradient nor Adam's; the others' contain the rate.
        let searchable = !["sls", "adam_sls"].contains(&search.name());
        for (method, want) in [("muon", searchable), ("schedule_free", false), ("prodigy", false)] {
            assert_eq!(fits(&search, &format!("method = {method:?}")).is_ok(), want, "{} with {method}", search.name());
        }
        let method = if search.name() == "sls" { "sgd" } else { "adamw" };
        for (decay, permitted) in
            [("lr_coupled", true), ("l2", true), ("schedule_multiplier", false), ("independent", false)]
        {
            let text = format!("method = {method:?}\ndecay = {decay:?}");
            assert_eq!(fits(&search, &text).is_ok(), permitted, "{} with {decay}", search.name());
        }
    }
}

#[test]
fn refusals_of_optimizers_say_what_to_take() {
    let why = |search: &str, text: &str| {
        let search = read(&format!("method = {search:?}"));
        search.check_optimizer(&optimizer(text)).unwrap_err().to_string()
    };
    assert_eq!(
        why("sls", "method = \"adamw\""),
        "method: sls looks along the plain gradient, which says little of a step of adamw: take sgd, sgdw, heavy_ball or \
         nesterov, or alsals"
    );
    let polyak = "method = \"heavy_ball\"\nform = \"polyak\"";
    assert!(read("method = \"sls\"").check_optimizer(&optimizer(polyak)).is_ok());
    assert_eq!(
        why("alsals", polyak),
        "method: heavy_ball moves by displacements that contain the learning rate, so that alsals cannot choose it: take sgd, or \
         another form"
    );
    assert!(why("sls", &format!("{polyak}\ndecay = \"independent\"")).contains("does not shrink"));
    assert_eq!(
        why("adam_sls", "method = \"sgd\""),
        "method: adam_sls divides gradients by Adam's second moments, which sgd does not have: take adamw, or sls"
    );
    assert_eq!(
        why("alsals", "method = \"adamw\"\ndecay = \"independent\""),
        "method: alsals cannot weigh a step with decay = \"independent\", which does not shrink with the step size that is \
         tried: set decay = \"lr_coupled\" or \"l2\" in [optimizer]"
    );
    assert_eq!(
        why("salsa", "method = \"adamw\"\ndecay = \"schedule_multiplier\""),
        "method: salsa cannot weigh a step with decay = \"schedule_multiplier\", which refers to the peak of a schedule, which \
         a line search does not have: set decay = \"lr_coupled\" or \"l2\" in [optimizer]"
    );
}
