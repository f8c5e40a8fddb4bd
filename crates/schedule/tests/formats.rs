//! Spans and specifications as text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper fails by panicking")]

use rheostat_schedule::{
    After, Bounds, COMMON, CooldownShape, Endpoint, METHODS, Part, ScheduleSpec, Span, SpanError, WarmupMode,
    WarmupShape,
};

/// One specification of each method with every parameter away from its default.
fn full() -> Vec<ScheduleSpec> {
    let s = Span::Steps;
    let specs: Vec<ScheduleSpec> = vec![
        ScheduleSpec::constant(0.5).into(),
        ScheduleSpec::linear(1.0, 0.1).over(s(5)).into(),
        ScheduleSpec::polynomial(1.0, 2.0).end(0.1).over(Span::Epochs(2.5)).into(),
        ScheduleSpec::step(1.0, 0.5, s(1)).into(),
        ScheduleSpec::multistep(1.0, 0.5, [s(700), Span::percent(80.0)]).into(),
        ScheduleSpec::exponential(1.0, 0.1).over(s(5)).into(),
        ScheduleSpec::exponential_by_gamma(1.0, 0.1, Span::Samples(64)).into(),
        ScheduleSpec::cosine(1.0).floor(0.1).over(Span::percent(7.0)).into(),
        ScheduleSpec::warm_restarts(1.0, s(5)).floor(0.1).multiplier(1.5).peak_decay(0.9).into(),
        ScheduleSpec::warm_restarts_at(1.0, [s(700), s(800)]).into(),
        ScheduleSpec::cyclic(0.1, 1.0, s(5)).down(s(6)).exp_range(0.9, Bounds::Both).into(),
        ScheduleSpec::one_cycle(1.0).rise(s(10)).divisors(2.0, 3.0).linear().three_phases().into(),
        ScheduleSpec::wsd(1.0, s(5)).floor(0.1).half_lives(3.0).into(),
        ScheduleSpec::rsqrt(1.0, s(5)).shift(2.0).cooldown(s(4)).cooldown_shape(CooldownShape::Sqrt).into(),
        ScheduleSpec::sequence([
            Part::lasting(s(5), ScheduleSpec::constant(1.0)),
            Part::rest(ScheduleSpec::sequence([Part::rest(ScheduleSpec::cosine(1.0))])),
        ])
        .into(),
        ScheduleSpec::product(1.0, ScheduleSpec::step(1.0, 0.5, s(3))).into(),
    ];
    let mut specs: Vec<_> = specs.into_iter().map(with_common).collect();
    let noam = ScheduleSpec::noam(512.0, s(5)).factor(2.0);
    specs.push(noam.after(After::Zero).clamp(0.0, 1.0).into());
    specs
}

fn with_common(spec: ScheduleSpec) -> ScheduleSpec {
    spec.warmup(Span::Steps(600))
        .warmup_shape(WarmupShape::Cosine, 0.1)
        .warmup_first(0)
        .warmup_mode(WarmupMode::Overlay)
        .hold(Span::Steps(3))
        .endpoint(Endpoint::Inclusive)
        .after(After::Zero)
        .clamp(0.0, 1.0)
}

#[test]
fn every_method_survives_json_and_toml() {
    let mut methods = std::collections::BTreeSet::new();
    for spec in full() {
        methods.insert(spec.method());
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ScheduleSpec>(&json).unwrap(), spec, "{json}");
        let toml = toml::to_string(&spec).unwrap();
        assert_eq!(toml::from_str::<ScheduleSpec>(&toml).unwrap(), spec, "{toml}");
    }
    assert_eq!(methods, METHODS.iter().map(|method| method.name).collect());
}

#[test]
fn the_declared_parameters_are_the_keys_there_are() {
    for method in METHODS {
        let mut written = std::collections::BTreeSet::new();
        for spec in full().iter().filter(|spec| spec.method() == method.name) {
            let serde_json::Value::Object(table) = serde_json::to_value(spec).unwrap() else { panic!("a table") };
            written.extend(table.keys().cloned());
        }
        written.remove("method");
        let common = COMMON.iter().filter(|p| method.name != "noam" || ["after", "clamp"].contains(&p.name));
        let declared = method.parameters.iter().chain(common).map(|parameter| parameter.name.to_owned()).collect();
        assert_eq!(written, declared, "{}", method.name);
    }
}

#[test]
fn a_bare_number_is_a_constant() {
    assert_eq!(serde_json::from_str::<ScheduleSpec>("0.05").unwrap(), ScheduleSpec::from(0.05));
    assert_eq!(serde_json::from_str::<ScheduleSpec>("1").unwrap(), ScheduleSpec::from(1.0));
    #[derive(serde::Deserialize)]
    struct Recipe {
        momentum: ScheduleSpec,
    }
    let recipe: Recipe = toml::from_str("momentum = 0.9").unwrap();
    assert_eq!(recipe.momentum, ScheduleSpec::from(0.9));
}

#[test]
fn defaults_need_not_be_written() {
    let spec: ScheduleSpec = toml::from_str("method = \"one_cycle\"\npeak = 1").unwrap();
    assert_eq!(spec, ScheduleSpec::one_cycle(1.0).into());
    let spec: ScheduleSpec = toml::from_str("method = \"wsd\"\npeak = 1\ncooldown = \"20 %\"").unwrap();
    assert_eq!(spec, ScheduleSpec::wsd(1.0, Span::percent(20.0)).into());
}

#[test]
fn a_sequence_reads_as_in_the_manual() {
    let text = r#"
        method = "sequence"
        parts = [
            { for = "10 epochs", method = "cosine", peak = 1e-3 },
            { method = "linear", start = 1e-3, end = 0 },
        ]"#;
    let spec: ScheduleSpec = toml::from_str(text).unwrap();
    let parts =
        [Part::lasting(Span::Epochs(10.0), ScheduleSpec::cosine(1e-3)), Part::rest(ScheduleSpec::linear(1e-3, 0.0))];
    assert_eq!(spec, ScheduleSpec::sequence(parts).into());
}

fn refused(text: &str, says: &str) {
    let error = toml::from_str::<ScheduleSpec>(text).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
}

#[test]
fn unknown_keys_and_methods_are_refused_at_every_depth() {
    refused("method = \"cosine\"\npeak = 1\npeek = 2", "`peek` is no key of cosine");
    refused("method = \"cosine\"\npeak = 1\ngamma = 2", "`gamma` is no key of cosine");
    refused("method = \"cosin\"\npeak = 1", "`cosin` is no schedule");
    refused("peak = 1", "method");
    refused("method = \"cosine\"", "peak");
    refused("method = \"sequence\"\nparts = [{ for = \"1 step\", method = \"constant\", value = 1, x = 1 }]", "`x`");
    refused("method = \"product\"\nof = 1\n[times]\nmethod = \"constant\"\nvalue = 1\nfor = \"1 step\"", "`for`");
    refused("method = \"cyclic\"\nfloor = 0\npeak = 1\nup = \"1 step\"\nmode = \"square\"", "triangular");
    assert!(serde_json::from_str::<ScheduleSpec>(r#"{"method":"constant","value":1,"value":2}"#).is_err());
    assert!(serde_json::from_str::<ScheduleSpec>("\"cosine\"").is_err());
}

#[test]
fn spans_read_with_or_without_space_in_singular_or_plural() {
    for (text, span) in [
        ("500 steps", Span::Steps(500)),
        ("500steps", Span::Steps(500)),
        ("1 step", Span::Steps(1)),
        ("10_000 steps", Span::Steps(10_000)),
        ("1e3 steps", Span::Steps(1000)),
        ("18446744073709551615 steps", Span::Steps(u64::MAX)),
        ("3 epochs", Span::Epochs(3.0)),
        ("3epochs", Span::Epochs(3.0)),
        ("1 epoch", Span::Epochs(1.0)),
        ("2.5 epochs", Span::Epochs(2.5)),
        (".5 epochs", Span::Epochs(0.5)),
        ("64k samples", Span::Samples(64_000)),
        ("64 k samples", Span::Samples(64_000)),
        ("1M samples", Span::Samples(1_000_000)),
        ("1.5k samples", Span::Samples(1500)),
        ("1 sample", Span::Samples(1)),
        ("10 %", Span::Fraction(0.10)),
        ("10%", Span::Fraction(0.10)),
        ("7 %", Span::Fraction(0.07)),
        ("2.5e1 %", Span::Fraction(0.25)),
        (" 0.1 % ", Span::Fraction(0.001)),
        // More percents than a number can hold, of a fraction that it can.
        ("1e309 %", Span::Fraction(1e307)),
    ] {
        assert_eq!(text.parse(), Ok(span), "{text}");
    }
}

#[test]
fn bad_spans_say_what_is_wrong() {
    let error = |text: &str| text.parse::<Span>().unwrap_err();
    assert!(matches!(error("500"), SpanError::NoUnit { .. }));
    assert!(matches!(error(""), SpanError::NoNumber { .. }));
    assert!(matches!(error("epochs"), SpanError::NoNumber { .. }));
    assert!(matches!(error("ten epochs"), SpanError::NoNumber { .. }));
    assert!(matches!(error("90 s"), SpanError::UnknownUnit { .. }));
    assert!(matches!(error("3 Epochs"), SpanError::UnknownUnit { .. }));
    assert!(matches!(error("5k steps"), SpanError::UnknownUnit { .. }));
    assert!(matches!(error("-5 steps"), SpanError::OutOfRange { .. }));
    assert!(matches!(error("1e999 epochs"), SpanError::OutOfRange { .. }));
    assert!(matches!(error("1e999 %"), SpanError::OutOfRange { .. }));
    assert!(matches!(error("1.5 steps"), SpanError::NotWhole { .. }));
    assert!(matches!(error("99999999999999999999 steps"), SpanError::NotWhole { .. }));
    for text in ["nan epochs", "inf epochs", "%", "1 epoch 2", "1..2 epochs", "1e epochs", "é"] {
        assert!(text.parse::<Span>().is_err(), "{text}");
    }
    for text in ["500", "500 blocks", "x"] {
        let message = error(text).to_string();
        assert!(message.contains("steps, epochs, samples"), "{message}");
    }
    refused("method = \"step\"\npeak = 1\ngamma = 0.5\nevery = 500", "steps, epochs, samples");
}

#[test]
fn spans_print_as_they_are_written() {
    for text in ["500 steps", "1 step", "0 steps", "2.5 epochs", "1 epoch", "64000 samples", "10 %", "7 %", "0.1 %"] {
        assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
    }
}
