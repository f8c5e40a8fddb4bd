//! Pictures and tables of the loss along updates.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_record::{Column, Landscape, OtherBatch};
use rheostat_report::ReportError;
use rheostat_report::chart::{Chart, SvgOptions, TerminalOptions};
use rheostat_report::landscape::{charts, csv, headline, html, table};

/// Along every update the loss is a parabola in the step size, `1 + (size / best - 1)^2`.
fn parabola(size: f64, best: f64) -> f64 {
    1.0 + (size / best - 1.0).powi(2)
}

fn column(sizes: &[f64], step: u64, chosen: f64, best: f64) -> Column {
    let losses = sizes.iter().map(|size| parabola(*size, best)).collect();
    Column { step, chosen, loss: 2.0, after: parabola(chosen, best), losses }
}

/// Steps of 0.1 are taken; the best one is eight times longer, twice that for the batches of odd updates.
fn landscape() -> Landscape {
    let sizes: Vec<f64> = (0..=28).map(|place| 10f64.powf(f64::from(place) / 4.0 - 6.0)).collect();
    let best = |step: u64| if step % 2 == 1 { 1.6 } else { 0.8 };
    let steps = [0, 10, 20, 30, 36, 37, 38, 39];
    let columns = steps.map(|step| column(&sizes, step, 0.1, best(step))).to_vec();
    let other = |step: u64| {
        let own = column(&sizes, step, 0.1, best(step));
        OtherBatch { step, loss: own.loss, after: own.after, losses: own.losses }
    };
    Landscape { others: [36, 37, 38].map(other).to_vec(), sizes, columns }
}

fn stems(landscape: &Landscape) -> Vec<&'static str> {
    charts(landscape).iter().map(|(stem, _)| *stem).collect()
}

fn chart(landscape: &Landscape, stem: &str) -> Chart {
    charts(landscape).into_iter().find(|(own, _)| *own == stem).unwrap().1
}

#[test]
fn there_is_a_picture_for_all_that_was_measured_and_none_for_what_was_not() {
    let mut some = landscape();
    assert_eq!(stems(&some), ["update", "updates", "batches", "map"]);
    some.others.clear();
    assert_eq!(stems(&some), ["update", "map"]);
    some.columns.truncate(1);
    assert_eq!(stems(&some), ["update"]);
    some.columns.clear();
    assert_eq!(stems(&some), [""; 0]);
    assert!(matches!(html(&some, "digits-mlp", "rheostat"), Err(ReportError::Empty { what: "update" })));
}

#[test]
fn titles_say_what_is_seen() {
    let landscape = landscape();
    let title = |stem| chart(&landscape, stem).title().to_owned();
    assert_eq!(headline(&landscape), "The best step of a batch is 10 times the one taken (median of 4 updates)");
    assert_eq!(title("update"), "Update 39: the best step for its batch is 18 times the one taken");
    assert_eq!(title("updates"), "The last 4 updates, each batch along its own");
    assert_eq!(title("batches"), "Update 39: best for its own batch is a step of 1.8, for 4 batches one of 1");
    assert_eq!(title("map"), headline(&landscape));
}

#[test]
fn a_step_that_no_other_beats_is_called_so_and_one_that_was_not_taken_too() {
    let sizes = vec![0.01, 1.0];
    let column =
        |chosen, after, losses: [f64; 2]| Column { step: 7, chosen, loss: 1.0, after, losses: losses.to_vec() };
    let title = |column: Column| {
        let landscape = Landscape { sizes: sizes.clone(), columns: vec![column], others: Vec::new() };
        (chart(&landscape, "update").title().to_owned(), headline(&landscape))
    };
    assert_eq!(title(column(0.1, 0.5, [0.9, 0.8])).0, "Update 7: the best step for its batch is the one taken");
    let about = "Update 7: the best step for its batch is about the one taken";
    assert_eq!(title(column(0.010_000_1, 0.5, [0.5, 0.8])).0, about);
    let none = "No best step was found beside a step that was taken (1 update)";
    let rises = title(column(0.1, 1.5, [1.1, f64::NAN]));
    assert_eq!(rises, ("Update 7: no step lowers the loss of its batch".to_owned(), none.to_owned()));
    let untaken = "Update 7: no step was taken, though there are some that lower the loss";
    assert_eq!(title(column(0.0, 1.0, [0.9, 0.8])), (untaken.to_owned(), none.to_owned()));
}

#[test]
fn the_table_has_an_update_a_row_and_can_leave_some_out() {
    let rows = table(&landscape(), 3).iter().map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(rows, @r"
    update | step taken | best step | best / taken | loss | after step taken | after best step
    0 | 0.1 | 1 | 10 | 2 | 1.766 | 1.062
    30 | 0.1 | 1 | 10 | 2 | 1.766 | 1.062
    39 | 0.1 | 1.78 | 18 | 2 | 1.879 | 1.012
    ");
    assert_eq!(table(&landscape(), usize::MAX).len(), 9);
}

#[test]
fn csv_has_every_batch_with_where_it_begins_and_the_step_taken() {
    let sizes = vec![0.5];
    let own = Column { step: 4, chosen: 0.25, loss: 2.0, after: 1.5, losses: vec![f64::INFINITY] };
    let other = OtherBatch { step: 3, loss: 3.0, after: f64::NAN, losses: vec![2.5] };
    let landscape = Landscape { sizes, columns: vec![own], others: vec![other] };
    let expected = "step,batch,step_size,loss,chosen\n4,4,0.0,2.0,false\n4,4,0.25,1.5,true\n4,4,0.5,inf,false\n\
                    4,3,0.0,3.0,false\n4,3,0.25,NaN,true\n4,3,0.5,2.5,false\n";
    assert_eq!(csv(&landscape), expected);
}

#[test]
fn the_height_map_tells_falls_from_rises_and_from_losses_that_are_no_numbers() {
    let mut landscape = landscape();
    landscape.columns[2].losses[28] = f64::NAN;
    landscape.columns[3].losses[28] = f64::INFINITY;
    let svg = chart(&landscape, "map").svg(&SvgOptions::default());
    let document = roxmltree::Document::parse(&svg).unwrap();
    let plot = document.descendants().find(|node| node.attribute("class") == Some("plot")).unwrap();
    let tiles = |class: &str| -> usize {
        let paths = plot.descendants().filter(|node| node.attribute("class") == Some(class));
        paths.map(|path| path.attribute("d").unwrap().matches('M').count()).sum()
    };
    let below = landscape.spread().into_iter().flat_map(|column| &column.losses).filter(|loss| **loss < 1.9).count();
    assert!(tiles("tile c0") >= below && below > 16, "{} tiles of {below}", tiles("tile c0"));
    assert!(tiles("tile c1") >= 4);
    assert_eq!(tiles("tile rest"), 2);
    assert!(svg.contains("loss falls (full: by 47 %)") && svg.contains("loss is not a number"), "{svg}");
}

#[test]
fn the_last_update_fits_into_the_terminal() {
    let text = chart(&landscape(), "update").terminal(&TerminalOptions::default());
    insta::assert_snapshot!(text);
}

#[test]
fn text_is_escaped_on_the_page() {
    let page = html(&landscape(), "<script>\"&", "<b>").unwrap();
    assert!(!page.contains("<script>\"") && !page.contains("<b>") && page.contains("&#60;script&#62;"), "escaped");
    for look in ["key c7\"", "key c7 round hollow\"", "key c0 shaded\"", "key c1 round\"", "key c0 pale\""] {
        assert!(page.contains(look), "no {look}");
    }
    for stem in ["update", "updates", "batches", "map"] {
        assert!(page.contains(&format!("aria-labelledby=\"figure-{stem}\"")), "{stem}");
    }
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), 0.1..3.0f64, Just(f64::NAN), Just(f64::INFINITY), Just(0.0)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_losses_make_pictures_with_finite_coordinates(
        losses in prop::collection::vec(any_number(), 40),
        chosen in prop_oneof![Just(0.0), 1e-9..1e3f64],
        columns in 1usize..5,
    ) {
        let sizes = vec![1e-3, 1e-2, 0.1, 1.0];
        let part = |index: usize| losses[index * 6..index * 6 + 4].to_vec();
        let column = |index: usize| Column {
            step: index as u64 * 3,
            chosen,
            loss: losses[index * 6 + 4],
            after: losses[index * 6 + 5],
            losses: part(index),
        };
        let other = OtherBatch { step: 9, loss: losses[30], after: losses[31], losses: losses[32..36].to_vec() };
        let landscape = Landscape { sizes, columns: (0..columns).map(column).collect(), others: vec![other] };
        for (_, chart) in charts(&landscape) {
            let svg = chart.svg(&SvgOptions::default());
            let document = roxmltree::Document::parse(&svg).map_err(|error| TestCaseError::fail(error.to_string()))?;
            for attribute in document.descendants().flat_map(|node| node.attributes()) {
                if matches!(attribute.name(), "d" | "x" | "y" | "cx" | "cy" | "data-x" | "data-y") {
                    prop_assert!(!attribute.value().contains("NaN") && !attribute.value().contains("inf"));
                }
            }
        }
        prop_assert!(html(&landscape, "any", "rheostat").is_ok());
    }
}
