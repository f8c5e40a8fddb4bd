use std::fmt::Write as _;

use super::layout::{Entry, Kind, LANE, Layout, Metrics, Place, SWATCH, vertical_ticks};
use super::palette::{self, class, dashed};
use super::thin::{self, Point};
use super::{Chart, Look, Panel, Series, path, tiles};
use crate::number::{self, escape};

/// How a chart is drawn as SVG.
#[derive(Debug, Clone, PartialEq)]
pub struct SvgOptions {
    /// Pixels across.
    pub width: f64,
    /// Pixels down of each panel.
    pub panel_height: f64,
    /// Where the colours come from.
    pub theme: Theme,
    /// Pixels of a column, of which the lowest and highest value are drawn. Larger is smaller.
    pub column: f64,
    /// Identity of the element that names the picture, where it is part of a page.
    pub labelled_by: Option<String>,
}

/// Where the colours of a picture come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Fixed, on white.
    #[default]
    Light,
    /// Fixed, on near-black.
    Dark,
    /// From the page that the picture is part of. Title and legend are then the page's too.
    Page,
}

impl Default for SvgOptions {
    fn default() -> Self {
        Self { width: 760.0, panel_height: 240.0, theme: Theme::Light, column: 1.0, labelled_by: None }
    }
}

impl Chart {
    /// The chart as an `<svg>` element.
    pub fn svg(&self, options: &SvgOptions) -> String {
        self.drawn(options).0
    }

    /// The chart as an `<svg>` element, and its size in pixels.
    pub(crate) fn drawn(&self, options: &SvgOptions) -> (String, f64, f64) {
        let width = width(options);
        let panel = if options.panel_height.is_finite() { options.panel_height.clamp(40.0, 8_192.0) } else { 240.0 };
        let alone = options.theme != Theme::Page;
        // In a page the letters grow on a narrow screen; the room for them is there from the start.
        let metrics = Metrics { width, panel, letter: if alone { 6.5 } else { 8.6 }, alone };
        let layout = Layout::new(self, metrics);
        let mut picture = Picture { chart: self, layout: &layout, options, width, text: String::new() };
        picture.draw();
        (picture.text, width, layout.height)
    }
}

/// Pixels across, within what can be drawn.
pub(super) fn width(options: &SvgOptions) -> f64 {
    if options.width.is_finite() { options.width.clamp(160.0, 16_384.0) } else { 760.0 }
}

/// The beginning of an `<svg>` element: what it is about, and where it stands alone its colours, ground and title.
pub(super) fn opened(title: &str, description: &str, options: &SvgOptions, width: f64, height: f64) -> String {
    let mut text = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\"");
    let theme = match options.theme {
        Theme::Page => {
            if let Some(label) = &options.labelled_by {
                let _ = write!(text, " aria-labelledby=\"{}\"", escape(label));
            }
            let _ = write!(text, "><desc>{}</desc>", escape(description));
            return text;
        }
        Theme::Light => palette::LIGHT,
        Theme::Dark => palette::DARK,
    };
    let _ = write!(text, " width=\"{width}\" height=\"{height}\"><title>{}</title>", escape(title));
    let _ = write!(text, "<desc>{}</desc><style>{}</style>", escape(description), palette::fixed(theme));
    let ground = theme.variables.iter().find(|(name, _)| *name == "--ground").map_or("#fff", |(_, value)| value);
    let _ = write!(text, "<rect width=\"100%\" height=\"100%\" fill=\"{ground}\"/>");
    let letters = ((width - 32.0) / 8.2).max(8.0) as usize;
    let title = number::shortened(title, letters);
    let _ = write!(text, "<text class=\"title\" x=\"16\" y=\"26\">{}</text>", escape(&title));
    text
}

/// With more dots than this in a panel, lines say it better.
const DOTS: usize = 240;

struct Picture<'a> {
    chart: &'a Chart,
    layout: &'a Layout,
    options: &'a SvgOptions,
    width: f64,
    text: String,
}

impl Picture<'_> {
    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(arguments);
    }

    fn draw(&mut self) {
        self.open();
        for (panel, place) in self.chart.panels.iter().zip(&self.layout.panels) {
            self.axes(panel, place);
        }
        self.markers();
        for (panel, place) in self.chart.panels.iter().zip(&self.layout.panels) {
            self.contents(panel, place);
        }
        self.text.push_str("</svg>");
    }

    fn open(&mut self) {
        let Chart { title, description, .. } = self.chart;
        self.text += &opened(title, description, self.options, self.width, self.layout.height);
        for Entry { name, colour, kind, x, y } in &self.layout.legend {
            let class = class(*colour);
            let dash = if dashed(*colour) || *kind == Kind::Dashes { " dash" } else { "" };
            match kind {
                Kind::Line | Kind::Dashes => {
                    self.put(format_args!("<path class=\"line{dash} {class}\" d=\"M{x} {}h{SWATCH}\"/>", y + 6.0))
                }
                Kind::Faint => {
                    self.put(format_args!("<path class=\"faint {class}\" d=\"M{x} {}h{SWATCH}\"/>", y + 6.0))
                }
                Kind::Dot | Kind::Ring => {
                    let dot = if *kind == Kind::Dot { "dot" } else { "ring" };
                    let (x, y) = (x + SWATCH / 2.0, y + 6.0);
                    self.put(format_args!(
                        "<g class=\"{class}\"><circle class=\"{dot}\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/></g>"
                    ))
                }
                Kind::Band => {
                    self.put(format_args!("<path class=\"band {class}\" d=\"M{x} {y}h{SWATCH}v12h-{SWATCH}z\"/>"))
                }
                Kind::Tiles => tiles::push_swatch(&mut self.text, &class, *x, *y, SWATCH),
            }
            self.put(format_args!(
                "<text class=\"label\" x=\"{}\" y=\"{}\">{}</text>",
                x + SWATCH + 6.0,
                y + 10.0,
                escape(name)
            ));
        }
    }

    fn axes(&mut self, panel: &Panel, place: &Place) {
        let Layout { left, right, .. } = *self.layout;
        let bottom = place.bottom;
        let scale = if place.y.is_log() { " (log scale)" } else { "" };
        let name = escape(&panel.y.label);
        self.put(format_args!(
            "<text class=\"label\" x=\"{}\" y=\"{}\">{name}{scale}</text>",
            self.edge(),
            place.top - LANE + 14.0
        ));
        let mut grid = String::new();
        for tick in place.y.ticks(vertical_ticks(bottom - place.top)) {
            let y = ((bottom - tick.at * (bottom - place.top)) * 10.0).round() / 10.0;
            let _ = write!(grid, "M{left} {y}H{right}");
            self.put(format_args!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                left - 7.0,
                y + 4.0,
                tick.label
            ));
        }
        self.put(format_args!(
            "<path class=\"grid\" d=\"{grid}\"/><path class=\"base\" d=\"M{left} {bottom}H{right}\"/>"
        ));
        let last = self.layout.panels.last().is_some_and(|last| last.bottom == bottom);
        let mut ticks = String::new();
        for (index, tick) in self
            .chart
            .x
            .ticks(&self.layout.x, ((right - left) / 85.0).round().max(2.0) as usize)
            .into_iter()
            .enumerate()
        {
            let x = ((left + tick.at * (right - left)) * 10.0).round() / 10.0;
            let _ = write!(ticks, "M{x} {bottom}v4");
            if last {
                let other = if index % 2 == 1 { " class=\"odd\"" } else { "" };
                self.put(format_args!(
                    "<text{other} x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                    bottom + 18.0,
                    tick.label
                ));
            }
        }
        self.put(format_args!("<path class=\"base\" d=\"{ticks}\"/>"));
        if last {
            let middle = (left + right) / 2.0;
            let scale = if self.layout.x.is_log() { " (log scale)" } else { "" };
            let name = escape(&self.chart.x.label);
            self.put(format_args!(
                "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{name}{scale}</text>",
                bottom + 36.0
            ));
        }
    }

    /// Where text at the left edge begins.
    fn edge(&self) -> f64 {
        if self.options.theme == Theme::Page { 2.0 } else { 16.0 }
    }

    /// Vertical lines, and above them what they say where there is room.
    fn markers(&mut self) {
        let (Some(first), Some(last)) = (self.layout.panels.first(), self.layout.panels.last()) else { return };
        let name = self.chart.panels.first().map_or(0, |panel| panel.y.label.chars().count());
        let scale = if first.y.is_log() { 12 } else { 0 };
        let mut free = self.edge() + (name + scale) as f64 * 6.6 + 6.0;
        let mut drawn = f64::NEG_INFINITY;
        let mut markers: Vec<_> =
            self.chart.markers.iter().filter_map(|marker| Some((self.layout.across(marker.at)?, marker))).collect();
        markers.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (x, marker) in markers {
            // Many markers in one place are one line.
            if x - drawn < 1.5 {
                continue;
            }
            drawn = x;
            let x = (x * 10.0).round() / 10.0;
            let colour = marker.colour.map(|colour| format!(" {}", class(colour))).unwrap_or_default();
            self.put(format_args!("<path class=\"mark{colour}\" d=\"M{x} {}V{}\">", first.top - 4.0, last.bottom));
            self.put(format_args!("<title>{}</title></path>", escape(&marker.label)));
            let width = marker.label.chars().count() as f64 * 6.4;
            let begin = (x - width / 2.0).min(self.layout.right - width).max(0.0);
            if begin > free && width < 160.0 {
                let label = escape(&marker.label);
                self.put(format_args!("<text x=\"{:.1}\" y=\"{}\">{label}</text>", begin, first.top - LANE + 14.0));
                free = begin + width + 8.0;
            }
        }
    }

    fn contents(&mut self, panel: &Panel, place: &Place) {
        let layout = self.layout;
        let range =
            |range: &super::axis::Range| format!("{:?} {:?} {}", range.low(), range.high(), u8::from(range.is_log()));
        let (across, down) = (range(&layout.x), range(&place.y));
        // A picture in the picture, so that lines end at its edge; dots on the edge are whole, unless something is cut off.
        let room = if panel.y.only.is_some() { 0.5 } else { 4.0 };
        let (x, y) = (layout.left - 4.0, place.top - 4.0);
        let (width, height) = (layout.right + 8.0 - layout.left, place.bottom - place.top + 4.0 + room);
        self.put(format_args!("<svg class=\"plot\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" viewBox=\"{x} {y} {width} {height}\""));
        self.put(format_args!(
            " data-x=\"{} {} {across}\" data-y=\"{} {} {down}\">",
            layout.left, layout.right, place.bottom, place.top
        ));
        if let Some(tiles) = &panel.tiles {
            tiles.push(&mut self.text, |x| layout.across(x), |y| place.down(y));
        }
        for band in &panel.bands {
            let below = band.points.iter().map(|point| (point.0, point.1));
            let above = band.points.iter().rev().map(|point| (point.0, point.2));
            let outline: Option<Vec<Point>> =
                below.chain(above).map(|(x, y)| Some((layout.across(x)?, place.down(y)?))).collect();
            let mut data = String::new();
            path::push_area(&mut data, &outline.unwrap_or_default());
            if data.len() > 1 {
                self.put(format_args!("<path class=\"band {}\" d=\"{data}\"/>", class(band.colour)));
            }
        }
        let faint_first = panel.series.iter().filter(|series| series.look == Look::Faint);
        let dots = panel.series.iter().filter(|series| matches!(series.look, Look::Dots | Look::Dashes));
        let dotted = dots.map(|series| series.points.len()).sum::<usize>() <= DOTS;
        for series in faint_first.chain(panel.series.iter().filter(|series| series.look != Look::Faint)) {
            self.series(series, place, dotted);
        }
        for level in &panel.levels {
            let Some(y) = place.down(level.value) else { continue };
            let (left, right) = (layout.left, layout.right);
            self.put(format_args!("<path class=\"level\" d=\"M{left} {y:.1}H{right}\"/>"));
            // At the left, on the side that the lines come from only later.
            let begin =
                panel.series.iter().find_map(|series| series.points.iter().find_map(|point| place.down(point.1)));
            let above = begin.is_none_or(|begin| begin > y) && y - place.top > 12.0;
            let baseline = if above { y - 5.0 } else { y + 15.0 };
            let label = escape(&level.label);
            self.put(format_args!(
                "<text class=\"label halo\" x=\"{}\" y=\"{baseline:.1}\">{label}</text>",
                left + 6.0
            ));
        }
        self.text.push_str("</svg>");
    }

    fn series(&mut self, series: &Series, place: &Place, dotted: bool) {
        let layout = self.layout;
        let column = if self.options.column.is_finite() { self.options.column.clamp(0.25, 64.0) } else { 1.0 };
        let (lines, gaps) = thin::lines(&series.points, column, |x, y| Some((layout.across(x)?, place.down(y)?)));
        let mut data = String::new();
        for line in &lines {
            path::push_line(&mut data, line);
        }
        let class = class(series.colour);
        let alone = matches!(series.look, Look::Points | Look::Rings);
        if !data.is_empty() && !alone {
            let look = if series.look == Look::Faint { "faint" } else { "line" };
            let dash = if dashed(series.colour) || series.look == Look::Dashes { " dash" } else { "" };
            let name = escape(&series.name);
            self.put(format_args!("<path class=\"{look}{dash} {class}\" data-name=\"{name}\" d=\"{data}\"/>"));
        }
        if alone || matches!(series.look, Look::Dots | Look::Dashes) && dotted {
            let dot = if matches!(series.look, Look::Rings | Look::Dashes) { "ring" } else { "dot" };
            self.put(format_args!("<g class=\"{class}\">"));
            for (x, y) in &series.points {
                let (Some(across), Some(down)) = (layout.across(*x), place.down(*y)) else { continue };
                self.put(format_args!("<circle class=\"{dot}\" cx=\"{across:.1}\" cy=\"{down:.2}\" r=\"3\">"));
                let name = if series.name.is_empty() { String::new() } else { format!("{}, ", series.name) };
                self.put(format_args!(
                    "<title>{}{}: {}</title></circle>",
                    escape(&name),
                    number::short(*x),
                    number::short(*y)
                ));
            }
            self.text.push_str("</g>");
        }
        if series.crosses {
            // Where every dot is a measurement of its own, a cross is too, in the colour of its series.
            self.crosses(&gaps, place, &if alone { format!("cross own {class}") } else { "cross".to_owned() });
        }
    }

    fn crosses(&mut self, gaps: &[f64], place: &Place, class: &str) {
        let mut data = String::new();
        let mut last = f64::NEG_INFINITY;
        for x in gaps.iter().filter_map(|x| self.layout.across(*x)) {
            if (x - last).abs() >= 7.0 {
                let _ = write!(data, "M{:.1} {}l6 6m0-6l-6 6", x - 3.0, place.top + 2.0);
                last = x;
            }
        }
        if !data.is_empty() {
            self.put(format_args!("<path class=\"{class}\" d=\"{data}\"/>"));
        }
    }
}
