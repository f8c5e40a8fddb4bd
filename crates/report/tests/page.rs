//! The page of one run and of several.

mod samples;

use rheostat_record::Event;
use rheostat_report::chart::SvgOptions;
use rheostat_report::{ReportError, chart_of, html};
use samples::{Sample, compared, diverged, unfinished};

/// The pictures of a page.
fn pictures(page: &str) -> Vec<&str> {
    page.split("<div class=\"by-")
        .skip(1)
        .filter_map(|part| part[part.find("<svg")?..].split("</div>").next())
        .collect()
}

fn text(page: &str) -> String {
    page.replace('\u{a0}', " ")
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let page = html(&compared()).unwrap();
    let rest = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "//cdn", "src=", "@import", "url("] {
        assert!(!rest.contains(outside), "{outside}");
    }
}

#[test]
fn every_picture_of_a_page_is_valid_and_is_drawn_against_updates_and_time() {
    for runs in [compared(), vec![diverged()], vec![unfinished()]] {
        let page = html(&runs).unwrap();
        let pictures = pictures(&page);
        assert!(pictures.len() >= 10 && pictures.len().is_multiple_of(2));
        for picture in pictures {
            let document = roxmltree::Document::parse(picture).unwrap();
            assert!(document.root_element().attribute("aria-labelledby").is_some());
            assert!(document.descendants().any(|node| node.has_tag_name("desc")), "{picture}");
        }
    }
}

#[test]
fn the_headline_of_one_run_says_what_became_of_its_target() {
    let page = text(&html(&[Sample::default().run()]).unwrap());
    assert!(page.contains("<h1>digits-mlp reached accuracy 0.95 after 300 updates and 1.02 s of training</h1>"));
    let missed = text(&html(&[Sample { quality: 0.9, ..Sample::default() }.run()]).unwrap());
    assert!(missed.contains("short of its target 0.95</h1>"));
}

#[test]
fn runs_of_one_id_are_called_by_what_differs_in_their_paths() {
    let mut runs = vec![Sample::default().run(), Sample { quality: 0.9, ..Sample::default() }.run()];
    for (run, submission) in runs.iter_mut().zip(["alsals", "cosine"]) {
        run.manifest.id = "run".to_owned();
        run.path = format!("/study/trials/{submission}/digits-mlp/study-0/trial-0/run").into();
    }
    let names = chart_of(&runs, "learning_rate").unwrap().svg(&SvgOptions::default());
    assert!(names.contains(">alsals<") && names.contains(">cosine<"), "{names}");
    assert!(text(&html(&runs).unwrap()).contains("<h1>alsals reached accuracy 0.95 first"));
}

#[test]
fn a_chart_is_asked_for_by_its_name() {
    let runs = [Sample::default().run()];
    for name in ["metric", "training_loss", "validation_loss", "gradient_norm", "learning_rate"] {
        let svg = chart_of(&runs, name).unwrap().svg(&SvgOptions::default());
        roxmltree::Document::parse(&svg).unwrap();
    }
    let error = chart_of(&runs, "training_los").err().unwrap();
    assert_eq!(error.to_string(), "no chart training_los (did you mean training_loss?)");
    assert!(matches!(chart_of(&[], "metric"), Err(ReportError::Empty { .. })));
}

#[test]
fn several_runs_are_ranked_by_the_time_that_their_target_took() {
    let page = text(&html(&compared()).unwrap());
    assert!(page.contains("<h1>digits-autowu reached accuracy 0.95 first: 0.71 s of training, 210 updates</h1>"));
    assert!(page.contains("4 of 6 runs met the target. Next came digits-cycles with 0.85 s, 1.19 times as long."));
    let table = page.split("<table class=\"runs\">").nth(1).unwrap().split("</table>").next().unwrap();
    let order: Vec<usize> = ["autowu", "cycles", "cosine", "constant", "step", "too-fast"]
        .iter()
        .map(|name| table.find(&format!("digits-{name}")).unwrap())
        .collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn every_moving_hyperparameter_has_a_picture_and_those_that_stand_still_a_sentence() {
    let page = text(&html(&[Sample { method: "cycles", ..Sample::default() }.run()]).unwrap());
    assert!(page.contains("Learning rate moved between"));
    assert!(page.contains("Momentum moved between 0.85 and 0.95"));
    assert!(page.contains("Held constant: weight decay <b>0.05</b>."));
}

#[test]
fn losses_that_are_not_finite_are_marked_and_said() {
    let page = text(&html(&[diverged()]).unwrap());
    assert!(page.contains("<h1>digits-mlp diverged: the loss was infinite at update 120</h1>"));
    assert!(page.contains("41 losses were not finite, the first (infinite) at update 120."));
    assert!(page.contains("class=\"cross\""));
}

#[test]
fn a_run_that_goes_on_is_shown_as_far_as_it_went() {
    let page = text(&html(&[unfinished()]).unwrap());
    assert!(page.contains("<h1>digits-mlp is at accuracy 0.7581 so far, on its way to 0.95</h1>"));
    assert!(page.contains("No result yet: 131 updates of 1,000."));
    assert!(page.contains("went on from a checkpoint"));
}

#[test]
fn text_of_the_runs_is_escaped_everywhere() {
    let mut run = Sample { method: "cycles", ..Sample::default() }.run();
    let bad = "</script><script>alert(1)</script>\"'&";
    run.manifest.id = bad.into();
    run.manifest.metric = bad.into();
    run.manifest.workload = bad.into();
    run.manifest.recipe = format!("# {bad}");
    run.manifest.device = bad.into();
    run.manifest.program = bad.into();
    if let Some(target) = run.result.as_mut().and_then(|result| result.target.as_mut()) {
        target.metric = bad.into();
    }
    for event in &mut run.events {
        match event {
            Event::Decision { decision, reason, .. } => (*decision, *reason) = (bad.into(), bad.into()),
            Event::Step { step, hyperparameters, .. } => {
                hyperparameters.insert(bad.into(), *step as f64);
            }
            _ => {}
        }
    }
    for runs in [vec![run.clone()], vec![run.clone(), run]] {
        let page = html(&runs).unwrap();
        assert!(!page.contains("<script>alert"));
        assert_eq!(page.matches("</script>").count(), 1);
        for picture in pictures(&page) {
            roxmltree::Document::parse(picture).unwrap();
        }
    }
}

#[test]
fn a_page_of_many_long_runs_stays_small() {
    let run = Sample { method: "cycles", steps: 100_000, ..Sample::default() }.run();
    let one = html(std::slice::from_ref(&run)).unwrap();
    assert!(one.len() < 300_000, "{}", one.len());
    let runs: Vec<_> = (0..12)
        .map(|index| {
            let mut run = run.clone();
            run.manifest.id = format!("run-{index}");
            run
        })
        .collect();
    let many = html(&runs).unwrap();
    assert!(many.len() < 1_000_000, "{}", many.len());
}

#[test]
fn no_run_is_an_error() {
    assert!(matches!(html(&[]), Err(ReportError::Empty { what: "run" })));
}

#[test]
fn a_metric_that_is_the_loss_is_shown_once() {
    let mut run = Sample::default().run();
    run.manifest.metric = "loss".into();
    let page = html(std::slice::from_ref(&run)).unwrap();
    assert_eq!(page.matches(">validation loss").count(), 2, "once against updates, once against time");
    assert!(!page.contains("Validation loss was lowest") && !page.contains(", validation loss"));
    let summary = rheostat_report::summary(&run, &Default::default());
    assert_eq!(summary.lines().filter(|line| line.contains("at the end")).count(), 1, "{summary}");
}
