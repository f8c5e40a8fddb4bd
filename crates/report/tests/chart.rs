//! Charts as SVG, PNG and text.

use proptest::prelude::*;
use rheostat_report::chart::{
    Axis, Band, Chart, Glyphs, Level, Look, Marker, Panel, Scale, Series, SvgOptions, TerminalOptions, Theme,
};

fn chart(points: Vec<(f64, f64)>, scale: Scale, name: &str) -> Chart {
    let band = Band::new(name, points.iter().map(|(x, y)| (*x, y * 0.5, y * 2.0)));
    let panel = Panel::new(Axis::new(name).scale(scale))
        .band(band)
        .level(Level::new(name, points.first().map_or(0.0, |point| point.1)))
        .series(Series::new(name, points.clone()).crosses())
        .series(Series::new("pale", points.clone()).look(Look::Faint).colour(1))
        .series(Series::new("dots", points.clone()).look(Look::Dots).colour(9))
        .series(Series::new("points", points.clone()).look(Look::Points).crosses())
        .series(Series::new("rings", points.clone()).look(Look::Rings).colour(2));
    let marker = Marker::new(name, points.last().map_or(f64::NAN, |point| point.0));
    Chart::new(name, Axis::new(name)).described(name).panel(panel.clone()).panel(panel).marker(marker)
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1.0..1.0f64,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(f64::MAX),
        Just(5e-324),
        Just(0.0)
    ]
}

fn any_scale() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Linear), Just(Scale::Log), Just(Scale::Auto)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_series_renders_as_valid_xml_with_finite_coordinates(
        points in prop::collection::vec((any_number(), any_number()), 0..60),
        scale in any_scale(),
        name in any::<String>(),
    ) {
        for theme in [Theme::Light, Theme::Page] {
            let svg = chart(points.clone(), scale, &name).svg(&SvgOptions { theme, ..SvgOptions::default() });
            let document = roxmltree::Document::parse(&svg).map_err(|error| TestCaseError::fail(format!("{error}: {svg}")))?;
            for attribute in document.descendants().flat_map(|node| node.attributes()) {
                if matches!(attribute.name(), "d" | "x" | "y" | "cx" | "cy" | "width" | "height" | "viewBox" | "data-x" | "data-y") {
                    prop_assert!(!attribute.value().contains("NaN") && !attribute.value().contains("inf"), "{}", attribute.value());
                }
            }
        }
    }

    #[test]
    fn any_series_fits_into_the_terminal(
        points in prop::collection::vec((any_number(), any_number()), 0..60),
        scale in any_scale(),
        width in 30usize..140,
        ascii in any::<bool>(),
    ) {
        let glyphs = if ascii { Glyphs::Ascii } else { Glyphs::Braille };
        let text = chart(points, scale, "a rather long name").terminal(&TerminalOptions { width, glyphs, ..TerminalOptions::default() });
        for line in text.lines() {
            prop_assert!(line.chars().count() <= width, "{} > {width}: {line}", line.chars().count());
            prop_assert!(!ascii || line.is_ascii(), "{line}");
        }
    }
}

#[test]
fn text_is_escaped_wherever_it_stands() {
    let svg = chart(vec![(0.0, 1.0), (1.0, 2.0)], Scale::Linear, "<script>\"&'\u{0}").svg(&SvgOptions::default());
    assert!(!svg.contains("<script"));
    assert!(roxmltree::Document::parse(&svg).is_ok());
}

#[test]
fn a_picture_for_a_page_has_no_colours_of_its_own() {
    let options = SvgOptions { theme: Theme::Page, labelled_by: Some("caption".into()), ..SvgOptions::default() };
    let svg = chart(vec![(0.0, 1.0), (1.0, 2.0)], Scale::Linear, "loss").svg(&options);
    assert!(!svg.contains('#') && !svg.contains("<style") && !svg.contains("<title>loss</title><desc>"), "{svg}");
    assert!(svg.contains("aria-labelledby=\"caption\""));
}

#[test]
fn points_and_rings_are_dots_without_a_line() {
    for (look, dot) in [(Look::Points, "class=\"dot\""), (Look::Rings, "class=\"ring\"")] {
        let series = Series::new("seeds", [(0.0, 1.0), (0.0, 2.0), (1.0, f64::NAN)]).look(look);
        let svg = Chart::new("Seeds", Axis::new("x"))
            .panel(Panel::new(Axis::new("y")).series(series))
            .svg(&SvgOptions::default());
        assert_eq!(svg.matches(dot).count(), 2);
        assert!(!svg.contains("data-name"));
    }
}

#[test]
fn a_hundred_thousand_noisy_points_make_a_small_picture_that_keeps_the_spike() {
    let noise = |step: u64| (step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64;
    let mut points: Vec<(f64, f64)> = (0..100_000).map(|step| (step as f64, noise(step))).collect();
    points[54_321].1 = 9.0;
    let panel = |points: Vec<(f64, f64)>| Panel::new(Axis::new("loss")).series(Series::new("loss", points));
    let svg = Chart::new("Noise", Axis::new("updates")).panel(panel(points)).svg(&SvgOptions::default());
    assert!(svg.len() < 30_000, "{}", svg.len());
    // The spike reaches far up, by itself.
    let path = svg.split("class=\"line c0\"").nth(1).and_then(|rest| rest.split(" d=\"").nth(1)).unwrap();
    let highest = path.split('"').next().unwrap().split('l').skip(1).filter_map(|step| {
        let at = step.rfind([' ', '-'])?;
        step[at..].trim().parse::<f64>().ok()
    });
    assert!(highest.fold(0.0, f64::min) < -100.0);
}

#[test]
fn a_png_has_the_size_asked_for_and_text_in_it() {
    let lines = chart(vec![(0.0, 1.0), (1.0, 2.0)], Scale::Linear, "loss");
    let options = SvgOptions { width: 300.0, panel_height: 100.0, ..SvgOptions::default() };
    let png = lines.png(&options, 2.0).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 600);
    let without = chart(vec![(0.0, 1.0), (1.0, 2.0)], Scale::Linear, "").png(&options, 2.0).unwrap();
    assert!(png.len() > without.len());
}

#[test]
fn a_png_without_area_is_an_error_that_says_so() {
    let error = chart(Vec::new(), Scale::Linear, "loss").png(&SvgOptions::default(), 0.0).unwrap_err();
    assert_eq!(error.to_string(), "a picture of 0 x 0 pixels cannot be drawn: permitted are 1 to 16384 a side");
}

#[test]
fn several_series_without_colour_differ_by_their_letters() {
    let line = |name: &str, factor: f64, colour| {
        Series::new(name, (0..50).map(move |step| (f64::from(step), f64::from(step) * factor))).colour(colour)
    };
    let panel = Panel::new(Axis::new("loss")).series(line("slow", 1.0, 0)).series(line("fast", 2.0, 1));
    let chart = Chart::new("Two runs", Axis::new("updates").whole()).panel(panel.level(Level::new("target 80", 80.0)));
    insta::assert_snapshot!("two_series", chart.terminal(&TerminalOptions { width: 60, ..TerminalOptions::default() }));
    let ascii = TerminalOptions { width: 60, glyphs: Glyphs::Ascii, ..TerminalOptions::default() };
    insta::assert_snapshot!("two_series_ascii", chart.terminal(&ascii));
}
