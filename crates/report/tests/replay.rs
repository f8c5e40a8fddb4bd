//! What a controller decides on recorded losses, as picture, table and page.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod samples;

use proptest::prelude::*;
use rheostat_control::{
    Action, Asks, AutoWarmUp, AutoWarmUpController, Buffers, ControlError, Controller, Decision, Hyperparameter,
    Hyperparameters, Observation, OpenLoop, Reason, Reset, Turn,
};
use rheostat_record::{Event, observations};
use rheostat_report::chart::{Glyphs, Theme};
use rheostat_report::{Replay, ReportError, SummaryOptions, html_with};
use rheostat_schedule::{Frame, ScheduleSpec};
use samples::Sample;

/// Losses that fall exponentially and turn up quadratically after `turn` of `count` updates, with uniform noise.
fn losses(count: usize, turn: f64) -> Vec<f64> {
    let mut state = 12_345_u64;
    let loss = |step: usize| {
        state = (1_664_525 * state + 1_013_904_223) % (1 << 32);
        let (u, z) = (step as f64 / 1000.0, state as f64 / 4_294_967_296.0);
        2.3 - 1.2 * (1.0 - (-4.0 * u).exp()) + 6.0 * (u - turn).max(0.0).powi(2) + 0.3 * (z - 0.5)
    };
    (0..count).map(loss).collect()
}

fn told(losses: &[f64]) -> Vec<Observation> {
    (0..).zip(losses).map(|(step, &loss)| Observation::Step { step, loss }).collect()
}

fn warm_up() -> AutoWarmUpController {
    AutoWarmUp::default().resolve(&Frame::steps(2000).steps_per_epoch(100), 0).expect("resolves")
}

fn replayed(losses: &[f64]) -> Replay {
    let seen = told(losses);
    Replay::new(&mut warm_up(), &seen).expect("updates").with_warm_up(&mut warm_up(), &seen)
}

/// Lowers the rate by ten with every third evaluation, and resets once.
#[derive(Default)]
struct Steps {
    evaluations: i32,
}

impl Controller for Steps {
    fn begin(&mut self) -> Decision {
        Hyperparameters::new().with(Hyperparameter::LearningRate, 0.1).into()
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        let evaluated = matches!(seen, Observation::Evaluation { .. });
        self.evaluations += i32::from(evaluated);
        let rate = 0.1_f64 * 0.1_f64.powi(self.evaluations / 3);
        let mut decision: Decision = Hyperparameters::new().with(Hyperparameter::LearningRate, rate).into();
        if evaluated && self.evaluations % 3 == 0 {
            decision.turn = Some(Turn::Reduce);
            decision.reason = Some(Reason("3 evaluations without progress, more than <2>".to_owned()));
        }
        if evaluated && self.evaluations == 7 {
            decision.actions = vec![Action::Reset(Reset { tau: 0.5, alpha: 0.5, draw: 0, buffers: Buffers::Follow })];
            decision.reason = Some(Reason("a cycle ended".to_owned()));
        }
        decision
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn load(&mut self, _: &[u8]) -> Result<(), ControlError> {
        Ok(())
    }
}

fn evaluated() -> Vec<Observation> {
    let mut seen = vec![Observation::Evaluation { updates: 0, loss: 2.3, metric: 0.1 }];
    for (step, loss) in (0..).zip(losses(400, 0.9)) {
        seen.push(Observation::Step { step, loss });
        if (step + 1) % 50 == 0 {
            seen.push(Observation::Evaluation { updates: step + 1, loss: loss * 1.1, metric: 1.0 - loss / 3.0 });
        }
    }
    seen
}

#[test]
fn the_table_has_a_row_an_update_with_its_rate_and_what_was_decided_after_it() {
    let losses = losses(1100, 0.6);
    let replay = replayed(&losses);
    let mut controller = warm_up();
    let mut rate = controller.begin().hyperparameters.get(Hyperparameter::LearningRate).unwrap();
    let csv = replay.csv();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("step,learning_rate,event"));
    let mut switched = 0;
    for (seen, line) in told(&losses).iter().zip(lines) {
        let [step, used, event] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert!(matches!(seen, Observation::Step { step: told, .. } if told.to_string() == step));
        assert_eq!(used.parse::<f64>().unwrap().to_bits(), rate.to_bits());
        let warming = controller.is_warming_up();
        rate = controller.observe(seen).hyperparameters.get(Hyperparameter::LearningRate).unwrap();
        let turned = warming && !controller.is_warming_up();
        assert_eq!(event, if turned { "switch" } else { "" }, "{line}");
        switched += u32::from(turned);
    }
    assert_eq!((switched, csv.lines().count()), (1, 1101));
    let json: serde_json::Value = serde_json::from_str(&replay.json()).unwrap();
    assert_eq!(json.as_array().map(Vec::len), Some(1100));
    assert_eq!(json[0], serde_json::json!({ "step": 0, "learning_rate": 1e-5, "event": null }));
}

#[test]
fn an_evaluation_decides_after_the_row_of_its_update() {
    let replay = Replay::new(&mut Steps::default(), &evaluated()).unwrap();
    let events: Vec<String> = replay.csv().lines().filter(|line| !line.ends_with(',')).map(str::to_owned).collect();
    // The evaluation before the first update is the first of them.
    assert_eq!(
        events[1..],
        [
            "99,0.1,reduce",
            "249,0.010000000000000002,reduce",
            "299,0.0010000000000000002,reset",
            "399,0.0010000000000000002,reduce"
        ]
    );
    assert_eq!(replay.title(), "1 reset, 3 reductions in 400 updates");
}

#[test]
fn the_picture_of_a_warm_up_shows_its_losses_its_tests_and_its_rate() {
    let replay = replayed(&losses(1100, 0.6));
    assert!(
        replay.title().starts_with("The warm-up ends after 900 updates; the rate decays from"),
        "{}",
        replay.title()
    );
    let svg = replay.svg(Theme::Light);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    for text in [
        "training loss",
        "probability that the loss was lower before",
        "confidence 0.95",
        "lowest",
        "switch",
        "mean of",
    ] {
        assert!(texts.iter().any(|found| found.contains(text)), "{text}");
    }
    assert!(svg.contains("class=\"band"));
    let described =
        texts.iter().find(|text| text.contains("At the deciding test the smoothed loss was lowest at update"));
    assert!(described.is_some(), "{texts:?}");
}

#[test]
fn before_a_minimum_is_past_the_last_test_is_shown() {
    let replay = replayed(&losses(450, 0.6));
    assert_eq!(replay.title(), "After 450 updates the rate still rises: no minimum of the loss is past");
    assert!(replay.svg(Theme::Dark).contains("At the last test"));
    assert!(!replay.csv().contains("switch"));
}

#[test]
fn a_loss_that_blows_up_is_a_rollback_and_does_not_crush_the_others() {
    let mut losses = losses(600, 0.9);
    for (loss, decade) in losses[440..450].iter_mut().zip(2..) {
        *loss = 10.0_f64.powi(decade);
    }
    losses[450] = f64::NAN;
    let replay = replayed(&losses);
    assert!(replay.title().starts_with("The loss blew up after 450 updates: rolled back"), "{}", replay.title());
    assert!(replay.csv().contains("restore\n"));
    let svg = replay.svg(Theme::Light);
    assert!(svg.contains("are cut off") && svg.contains("class=\"cross"));
}

#[test]
fn without_an_update_there_is_nothing_to_show() {
    let evaluation = Observation::Evaluation { updates: 0, loss: 1.0, metric: 0.0 };
    let empty = Replay::new(&mut warm_up(), &[evaluation]);
    assert!(matches!(empty, Err(ReportError::Empty { what: "update" })));
}

#[test]
fn a_schedule_has_no_decisions_and_a_picture_all_the_same() {
    let schedule = ScheduleSpec::cosine(0.1).resolve(&Frame::steps(30)).unwrap();
    let mut controller = OpenLoop::new([(Hyperparameter::LearningRate, schedule)]);
    let replay = Replay::new(&mut controller, &told(&losses(5, 0.9))).unwrap();
    assert_eq!(replay.title(), "In 5 updates the controller stays its course");
    assert!(replay.html("losses.csv", "rheostat").unwrap().contains("5 updates replayed"));
}

#[test]
fn a_page_lists_the_decisions_with_their_reasons() {
    let page = Replay::new(&mut Steps::default(), &evaluated()).unwrap().html("a <b>", "rheostat").unwrap();
    assert!(page.contains("3 evaluations without progress, more than &#60;2&#62;"), "{page}");
    assert!(page.contains("a &#60;b&#62; ·") && !page.contains("<b>a"));
    assert!(page.contains("<td>Reduce</td><td>0.1 → 1e-2</td>"));
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains(outside), "{outside}");
    }
    let pictures: Vec<&str> = page
        .split("<div class=\"plain\">")
        .skip(1)
        .filter_map(|part| part[part.find("<svg")?..].split("</div>").next())
        .collect();
    assert_eq!(pictures.len(), 4, "losses, two of the evaluations, the rate");
    for picture in pictures {
        assert!(roxmltree::Document::parse(picture).unwrap().root_element().attribute("aria-labelledby").is_some());
    }
}

#[test]
fn a_terminal_shows_the_picture_and_every_turn() {
    let text = replayed(&losses(1100, 0.6)).text(&SummaryOptions::default());
    assert!(text.contains("after 900 updates  switch"), "{text}");
    assert!(text.contains("it decays from there"));
    let ascii = SummaryOptions { width: 60, glyphs: Glyphs::Ascii, ..SummaryOptions::default() };
    for line in Replay::new(&mut Steps::default(), &evaluated()).unwrap().text(&ascii).lines() {
        assert!(line.is_ascii() && line.chars().count() <= 60, "{line}");
    }
}

#[test]
fn a_run_that_went_as_replayed_departs_nowhere_and_another_one_where_its_rate_differs() {
    let run = Sample { method: "cosine", steps: 200, ..Sample::default() }.run();
    let seen = observations(&run.events, Asks::default()).unwrap();
    let rates: Vec<f64> = run
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Step { hyperparameters, .. } => hyperparameters.get("learning_rate").copied(),
            _ => None,
        })
        .collect();
    struct Played(Vec<f64>);
    impl Controller for Played {
        fn begin(&mut self) -> Decision {
            Hyperparameters::new().with(Hyperparameter::LearningRate, self.0[0]).into()
        }
        fn observe(&mut self, seen: &Observation) -> Decision {
            match seen {
                Observation::Step { step, .. } => {
                    let next = (*step as usize + 1).min(self.0.len() - 1);
                    Hyperparameters::new().with(Hyperparameter::LearningRate, self.0[next]).into()
                }
                _ => Decision::default(),
            }
        }
        fn save(&self) -> Vec<u8> {
            Vec::new()
        }
        fn load(&mut self, _: &[u8]) -> Result<(), ControlError> {
            Ok(())
        }
    }
    let same = Replay::new(&mut Played(rates.clone()), &seen).unwrap();
    assert_eq!(same.departure(&run.events), None);
    let mut other = rates;
    other[120] *= 1.5;
    assert_eq!(Replay::new(&mut Played(other), &seen).unwrap().departure(&run.events), Some(120));
}

#[test]
fn what_changed_nothing_is_listed_and_not_marked() {
    let mut run = Sample::default().run();
    let said = |decision: &str| Event::Decision { step: 400, decision: decision.into(), reason: "so it is".into() };
    for (listed, marked) in [("note", false), ("save", false), ("save, evaluate", false), ("reduce", true)] {
        run.events.insert(500, said(listed));
        let page = html_with(&[run.clone()], &[]).unwrap();
        let name = format!("{}{}", listed[..1].to_uppercase(), &listed[1..]);
        assert!(page.contains(&format!("<td>{name}</td>")), "{listed}");
        assert_eq!(page.contains(&format!("<title>{listed}</title>")), marked, "{listed}");
    }
}

#[test]
fn the_page_of_a_run_shows_what_its_controller_looked_at() {
    let run = Sample { method: "autowu", ..Sample::default() }.run();
    let replay = replayed(&losses(1100, 0.6));
    let without = html_with(std::slice::from_ref(&run), &[]).unwrap();
    let page = html_with(&[run], &[(0, replay.clone())]).unwrap();
    assert!(page.contains(&format!("<h2 id=\"explained-1\">{}</h2>", replay.title())));
    assert!(page.contains("confidence 0.95") && !without.contains("confidence 0.95"));
    assert!(html_with(&[Sample::default().run()], &[(7, replay)]).is_ok(), "a place without a run is left out");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_losses_pictures_have_finite_coordinates(
        losses in prop::collection::vec(prop_oneof![6 => 0.0..5.0_f64, 1 => any::<f64>(), 1 => Just(f64::NAN)], 1..300),
    ) {
        let replay = replayed(&losses);
        for svg in [replay.svg(Theme::Light), replay.svg(Theme::Dark)] {
            let document = roxmltree::Document::parse(&svg).map_err(|error| TestCaseError::fail(error.to_string()))?;
            for attribute in document.descendants().flat_map(|node| node.attributes()) {
                if matches!(attribute.name(), "d" | "x" | "y" | "cx" | "cy" | "height" | "data-x" | "data-y") {
                    prop_assert!(!attribute.value().contains("NaN") && !attribute.value().contains("inf"));
                }
            }
        }
        for line in replay.text(&SummaryOptions::default()).lines() {
            prop_assert!(line.chars().count() <= 80, "{line}");
        }
        prop_assert_eq!(replay.csv().lines().count(), losses.len() + 1);
    }
}
