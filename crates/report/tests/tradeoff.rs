//! Reports of tradeoff curves.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod samples;

use proptest::prelude::*;
use rheostat_report::SummaryOptions;
use rheostat_report::chart::{Bar, Bars, Glyphs, SvgOptions, Theme};
use rheostat_report::tradeoff::{self, Tradeoffs};
use rheostat_score::{Clock, ReadOutRow, TradeoffMode, TradeoffOptions};
use samples::Sample;
use samples::tradeoff::{EPOCH, POINTS, article, cyclic_run, row};

fn of(rows: &[ReadOutRow]) -> Tradeoffs<'_> {
    Tradeoffs::new("tradeoffs", rows, &TradeoffOptions::default()).unwrap()
}

fn text(rows: &[ReadOutRow]) -> String {
    tradeoff::summary(&of(rows), &SummaryOptions::default())
}

/// Whether a text says something, wherever its lines break.
fn says(text: &str, part: &str) -> bool {
    text.split_whitespace().collect::<Vec<_>>().join(" ").contains(part)
}

/// The curves as they are after the cyclic runs of the first two seeds and the standard ones of the first.
fn growing() -> Vec<ReadOutRow> {
    let mut rows = article();
    rows.retain(|row| row.seed == 1 || (row.seed == 2 && row.mode == TradeoffMode::Cyclic));
    rows
}

#[test]
fn the_articles_curves_are_told_in_eighty_columns() {
    insta::assert_snapshot!(text(&article()));
}

#[test]
fn the_articles_curves_are_told_in_markdown() {
    insta::assert_snapshot!(tradeoff::markdown(&of(&article())));
}

#[test]
fn curves_that_grow_are_told_with_what_is_missing() {
    let rows = growing();
    let options = TradeoffOptions { clock: Clock::Seconds, ..TradeoffOptions::default() };
    let tradeoffs = Tradeoffs::new("tradeoffs", &rows, &options).unwrap().planned(144);
    insta::assert_snapshot!(tradeoff::summary(&tradeoffs, &SummaryOptions::default()));
    let page = tradeoff::html(&tradeoffs).unwrap();
    assert!(page.contains("72 of 144 read-outs are still to come."));
    assert!(page.contains("mixup, standard, seed 2: no read-out at any point."));
}

#[test]
fn every_point_of_a_curve_is_a_line_of_csv() {
    let csv = tradeoff::csv(&of(&article()));
    assert_eq!(csv.lines().count(), 1 + 4 * 2 * POINTS.len());
    assert_eq!(csv.lines().next().unwrap(), "workload,submission,mode,point,step,cost,seeds,mean,low,high");
    let first = csv.lines().nth(1).unwrap();
    assert!(first.starts_with("resnet,baseline,cyclic,0,160,160.0,3,0.69"), "{first}");
    let one = vec![row("a, b", "resnet", TradeoffMode::Cyclic, 1, 0, 160, 0.5)];
    assert_eq!(tradeoff::csv(&of(&one)).lines().nth(1).unwrap(), "resnet,\"a, b\",cyclic,0,160,160.0,1,0.5,,");
}

#[test]
fn the_cost_is_told_with_its_closed_form() {
    assert!(says(
        &text(&article()),
        "costs 1.96875 times as many updates as one cyclic run, exactly what the points alone say."
    ));
    let mut rows = article();
    rows.iter_mut().filter(|row| row.mode == TradeoffMode::Standard).for_each(|row| row.spent += row.spent / 8);
    assert!(says(&text(&rows), "costs 2.215 times as many updates as one cyclic run, 1.96875 by the points alone"));
    rows.retain(|row| row.mode == TradeoffMode::Cyclic);
    let text = text(&rows);
    assert!(says(&text, "There is no standard run.") && says(&text, "There is no cost ratio yet"), "{text}");
    assert!(says(&text, "By the points alone it is 1.96875."));
}

#[test]
fn of_one_seed_nothing_is_told_from_chance() {
    let mut rows = article();
    rows.retain(|row| row.seed == 1);
    let told = text(&rows);
    assert!(says(&told, "With one seed nothing tells the best from the next."), "{told}");
    assert!(!told.contains('±') && says(&told, "one seed tells none of this from chance"));
    rows.retain(|row| row.submission == "baseline");
    assert!(says(&text(&rows), "That is of one seed: nothing tells it from chance."), "{}", text(&rows));
}

#[test]
fn a_gap_that_the_seeds_do_not_settle_is_undecided() {
    let gap = |values: [f64; 3]| {
        let mut rows = Vec::new();
        for (seed, value) in (1..).zip(values) {
            for (point, step) in [(0, 160), (1, 5120)] {
                rows.push(row("a", "resnet", TradeoffMode::Standard, seed, point, step, 0.5));
                rows.push(row("a", "resnet", TradeoffMode::Cyclic, seed, point, step, 0.5 + value));
            }
        }
        text(&rows)
    };
    let clear = gap([-0.010, -0.011, -0.012]);
    assert!(
        says(&clear, "is 0.01100 worse in accuracy than the standard one") && !says(&clear, "undecided"),
        "{clear}"
    );
    assert!(says(&gap([-0.01, 0.02, -0.03]), "That is undecided: the interval holds 0."));
    assert!(says(&gap([0.010, 0.011, 0.012]), "is 0.01100 better in accuracy"));
}

#[test]
fn of_a_loss_a_curve_above_is_worse() {
    let loss = |row: ReadOutRow| ReadOutRow { metric: "loss".into(), direction: "decreasing".into(), ..row };
    let rows: Vec<ReadOutRow> = [(TradeoffMode::Standard, 0.3), (TradeoffMode::Cyclic, 0.4)]
        .into_iter()
        .flat_map(|(mode, value)| {
            [(0, 160, value + 0.2), (1, 5120, value)].map(|(point, step, value)| (mode, point, step, value))
        })
        .map(|(mode, point, step, value)| loss(row("a", "text", mode, 1, point, step, value)))
        .collect();
    assert!(
        says(&text(&rows), "The cyclic curve of a is 0.1000 worse in loss than the standard one"),
        "{}",
        text(&rows)
    );
    assert!(tradeoff::markdown(&of(&rows)).contains("+0.1000"));
}

#[test]
fn a_quality_that_not_every_seed_reaches_has_a_count_in_place_of_a_mean() {
    let mut rows = Vec::new();
    for (seed, last) in [(1, 0.9), (2, 0.9), (3, 0.7)] {
        rows.push(row("a", "resnet", TradeoffMode::Cyclic, seed, 0, 160, 0.5));
        rows.push(row("a", "resnet", TradeoffMode::Cyclic, seed, 1, 5120, last));
    }
    let text = text(&rows);
    let line = text.lines().skip_while(|line| !line.starts_with("Updates to reach")).nth(2).unwrap();
    assert!(line.contains("2 of 3"), "{text}");
}

#[test]
fn every_picture_is_svg_and_png_with_a_name_for_its_file() {
    let rows = article();
    let runs = [cyclic_run(Sample::default().run().manifest)];
    let tradeoffs = of(&rows).runs(&runs);
    let figures = tradeoff::figures(&tradeoffs);
    let stems: Vec<&str> = figures.iter().map(tradeoff::Figure::stem).collect();
    assert_eq!(stems, ["resnet-tradeoff", "resnet-improvement", "resnet-cyclic-run", "resnet-cost"]);
    for figure in &figures {
        for theme in [Theme::Light, Theme::Dark, Theme::Page] {
            let svg = figure.svg(&SvgOptions { theme, ..SvgOptions::default() });
            roxmltree::Document::parse(&svg).unwrap();
        }
        assert!(figure.png(&SvgOptions::default(), 1.0).unwrap().starts_with(b"\x89PNG"));
    }
    // Six read-outs of the run are dots, and markers across both panels.
    let svg = figures[2].svg(&SvgOptions::default());
    assert_eq!(svg.matches("r=\"3\"><title>").count(), 6);
    // A standard run of the same seed is none to draw.
    let (submission, mut run) = cyclic_run(Sample::default().run().manifest);
    run.manifest.recipe_hash = rows.iter().find(|row| row.mode == TradeoffMode::Standard).unwrap().recipe_hash.clone();
    assert_eq!(tradeoff::figures(&of(&rows).runs(&[(submission, run)])).len(), 3);
}

#[test]
fn a_standard_curve_is_solid_a_cyclic_one_dashed_and_bands_have_their_colour() {
    let rows = article();
    let svg = tradeoff::figures(&of(&rows))[0].svg(&SvgOptions::default());
    let drawn = |class: &str, name: &str| svg.contains(&format!("class=\"{class}\" data-name=\"{name}\""));
    assert!(drawn("line c0", "baseline, standard") && drawn("line dash c0", "baseline, cyclic"));
    assert!(drawn("line rest", "Pareto frontier"));
    assert_eq!(svg.matches("class=\"band ").count(), 8);
    // Without a value at a point the line and its band are in two pieces.
    let mut gap = rows.clone();
    gap.retain(|row| row.submission == "baseline" && row.mode == TradeoffMode::Cyclic);
    gap.iter_mut().filter(|row| row.point == 2).for_each(|row| row.end_metric = None);
    let svg = tradeoff::figures(&of(&gap))[0].svg(&SvgOptions::default());
    assert_eq!(svg.matches("class=\"band ").count(), 2);
    let line = svg.split("data-name=\"baseline, cyclic\" d=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(line.matches('M').count(), 2, "{line}");
}

#[test]
fn bars_are_as_long_as_their_amounts() {
    let bars = Bars::new("costs", "updates")
        .bar(Bar::new("a", "standard", 200.0, "200"))
        .bar(Bar::new("a", "cyclic", 100.0, "100").hollow().colour(1))
        .bar(Bar::new("a", "none", f64::NAN, "none"));
    let svg = bars.svg(&SvgOptions::default());
    let document = roxmltree::Document::parse(&svg).unwrap();
    let widths: Vec<f64> = document
        .descendants()
        .filter(|node| node.has_tag_name("rect") && node.attribute("class").is_some())
        .map(|node| node.attribute("width").unwrap().parse().unwrap())
        .collect();
    assert_eq!(widths.len(), 2);
    assert!((widths[0] / widths[1] - 2.0).abs() < 0.01, "{widths:?}");
}

#[test]
fn a_page_holds_every_section_and_fetches_nothing() {
    let rows = article();
    let runs = [cyclic_run(Sample::default().run().manifest)];
    let page = tradeoff::html(&of(&rows).runs(&runs)).unwrap();
    for section in [
        "Quality and cost",
        "Cost of a quality",
        "Improvement over the baseline",
        "Cyclic beside standard",
        "What the curves cost",
        "A cyclic run",
        "How it was measured",
    ] {
        assert!(page.contains(&format!("{section}</h")), "{section}");
    }
    assert!(!page.contains("http://") || page.matches("http://").count() == page.matches("xmlns=\"http://").count());
    assert!(!page.contains("https://") && !page.contains(" src="));
}

#[test]
fn names_are_escaped_everywhere() {
    let rows: Vec<ReadOutRow> = article()
        .into_iter()
        .map(|row| ReadOutRow { submission: format!("<b>|{}", row.submission), workload: "a/b <i>".into(), ..row })
        .collect();
    let tradeoffs = of(&rows);
    let page = tradeoff::html(&tradeoffs).unwrap();
    assert!(!page.contains("<b>|") && !page.contains("a/b <i>"));
    assert!(!tradeoff::markdown(&tradeoffs).contains("<b>|"));
    assert!(tradeoff::figures(&tradeoffs).iter().all(|figure| figure.stem().starts_with("a-b--i--")));
    let ascii = SummaryOptions { glyphs: Glyphs::Ascii, ..SummaryOptions::default() };
    let text = tradeoff::summary(&tradeoffs, &ascii);
    assert!(text.is_ascii() && !text.contains('?'), "{text}");
}

#[test]
fn several_workloads_have_a_section_each() {
    let mut rows = article();
    let other = rows.iter().map(|row| ReadOutRow { workload: "vit".into(), ..row.clone() }).collect::<Vec<_>>();
    rows.extend(other);
    let page = tradeoff::html(&of(&rows)).unwrap();
    assert!(page.contains("Tradeoff curves of 4 submissions on 2 workloads"));
    assert!(page.contains("On resnet, ") && page.contains("On vit, "));
    assert_eq!(tradeoff::figures(&of(&rows)).len(), 6);
}

#[test]
fn seconds_of_different_machines_are_warned_of() {
    let mut rows = article();
    rows[0].threads = 7;
    let seconds = TradeoffOptions { clock: Clock::Seconds, ..TradeoffOptions::default() };
    let warned = |options: &TradeoffOptions| {
        tradeoff::markdown(&Tradeoffs::new("t", &rows, options).unwrap()).contains("their times do not compare")
    };
    assert!(warned(&seconds) && !warned(&TradeoffOptions::default()));
}

#[test]
fn the_analysis_is_json_with_the_ratio_in_updates() {
    let rows = article();
    let tradeoffs = of(&rows);
    let json = serde_json::to_value(tradeoffs.analysis()).unwrap();
    let one = &json[0];
    assert_eq!(one["workload"], "resnet");
    assert_eq!((&one["clock"], &one["quality"]), (&"steps".into(), &"end".into()));
    assert_eq!(one["cost_ratio"], 1.96875);
    assert_eq!(one["cost_ratio_closed_form"], 1.96875);
    assert_eq!(one["curves"][0]["points"][0]["step"], 16 * EPOCH);
    assert!(one["curves"][0]["points"][0]["low"].is_f64());
    for list in ["frontier", "gaps", "similarities", "differences", "costs", "dominated"] {
        assert!(one[list].as_array().is_some_and(|list| !list.is_empty()), "{list}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_missing_everything_is_laid_out(
        kept in prop::collection::vec(0u8..6, 144),
        values in prop::collection::vec(prop_oneof![8 => 0.0..1.0_f64, 1 => Just(f64::NAN), 1 => Just(1e300)], 144),
    ) {
        let mut rows = Vec::new();
        for ((row, kept), value) in article().into_iter().zip(kept).zip(values) {
            match kept {
                0 => {}
                1 => rows.push(ReadOutRow { end_metric: None, ..row }),
                2 => rows.push(ReadOutRow { train_s: f64::NAN, ..row }),
                _ => rows.push(ReadOutRow { end_metric: Some(value), ..row }),
            }
        }
        prop_assume!(!rows.is_empty());
        for clock in Clock::ALL {
            let options = TradeoffOptions { clock, ..TradeoffOptions::default() };
            let tradeoffs = Tradeoffs::new("t", &rows, &options).unwrap();
            tradeoff::html(&tradeoffs).unwrap();
            tradeoff::markdown(&tradeoffs);
            for width in [0, 40, 80, 200] {
                let text = tradeoff::summary(&tradeoffs, &SummaryOptions { width, ..SummaryOptions::default() });
                prop_assert!(text.lines().all(|line| line.chars().count() <= width.clamp(40, 120)), "{}", text);
            }
            for figure in tradeoff::figures(&tradeoffs) {
                let svg = figure.svg(&SvgOptions::default());
                prop_assert!(!svg.contains("NaN") && !svg.contains("inf\""));
            }
        }
    }
}
