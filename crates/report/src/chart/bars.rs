use std::fmt::Write as _;

use super::axis::{Axis, Range};
use super::palette::{class, dashed};
use super::svg::{SvgOptions, Theme, width};
use super::{png, svg};
use crate::ReportError;
use crate::number::{escape, shortened};

/// Groups of horizontal bars from 0: a few amounts side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    title: String,
    description: String,
    axis: String,
    bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    group: String,
    name: String,
    value: f64,
    label: String,
    colour: usize,
    hollow: bool,
}

impl Bar {
    /// A bar of a group, of a length, with what is written at its end.
    pub fn new(group: impl Into<String>, name: impl Into<String>, value: f64, label: impl Into<String>) -> Self {
        let (group, name, label) = (group.into(), name.into(), label.into());
        Self { group, name, value, label, colour: 0, hollow: false }
    }

    /// The colour, by its place in the palette.
    #[must_use]
    pub fn colour(mut self, colour: usize) -> Self {
        self.colour = colour;
        self
    }

    /// Draws a dashed outline in place of a full bar: what is measured in another way.
    #[must_use]
    pub fn hollow(mut self) -> Self {
        self.hollow = true;
        self
    }
}

/// Pixels of a bar, of a group's name, and between groups.
const BAR: f64 = 18.0;
const NAME: f64 = 22.0;
const GAP: f64 = 12.0;
const LETTER: f64 = 7.0;

impl Bars {
    /// Without bars; `axis` says what their length is.
    pub fn new(title: impl Into<String>, axis: impl Into<String>) -> Self {
        Self { title: title.into(), description: String::new(), axis: axis.into(), bars: Vec::new() }
    }

    /// What they show, in words, for those who do not see it.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a bar below the others. Bars of one group follow each other.
    #[must_use]
    pub fn bar(mut self, bar: Bar) -> Self {
        self.bars.push(bar);
        self
    }

    /// What they are about.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The bars as an `<svg>` element. Of the options, `panel_height` and `column` have no meaning here.
    pub fn svg(&self, options: &SvgOptions) -> String {
        self.drawn(options).0
    }

    /// The bars as a PNG file, `scale` pixels for each of the SVG's.
    ///
    /// # Errors
    /// [`ReportError::Size`] if the picture has no area or would be larger than 16384 pixels a side.
    pub fn png(&self, options: &SvgOptions, scale: f32) -> Result<Vec<u8>, ReportError> {
        png::pixels(|options| self.drawn(options), options, scale)
    }

    fn drawn(&self, options: &SvgOptions) -> (String, f64, f64) {
        let width = width(options);
        let names = self.bars.iter().map(|bar| bar.name.chars().count()).max().unwrap_or(0);
        let labels = self.bars.iter().map(|bar| bar.label.chars().count()).max().unwrap_or(0);
        let edge = if options.theme == Theme::Page { 2.0 } else { 16.0 };
        let left = edge + (names as f64 * LETTER + 10.0).min(width / 3.0);
        let right = (width - labels as f64 * LETTER - 18.0).max(left + 40.0);
        let range = Range::across(&Axis::new(&self.axis).through(0.0), self.bars.iter().map(|bar| bar.value));
        let top = if options.theme == Theme::Page { 6.0 } else { 44.0 };
        let (mut y, mut body) = (top, String::new());
        let mut group = None;
        for bar in &self.bars {
            if group.is_some_and(|group| group != &bar.group) {
                y += GAP;
            }
            if group != Some(&bar.group) {
                let name = escape(&shortened(&bar.group, (width / LETTER) as usize));
                let _ = write!(body, "<text class=\"label\" x=\"{edge}\" y=\"{}\">{name}</text>", y + 14.0);
                y += NAME;
                group = Some(&bar.group);
            }
            let Some(at) = range.place(bar.value) else { continue };
            let long = (at * (right - left)).max(0.0);
            let look = if bar.hollow || dashed(bar.colour) { "line dash" } else { "amount" };
            let _ = write!(
                body,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"end\">{}</text>\
                 <rect class=\"{look} {}\" x=\"{left:.1}\" y=\"{}\" width=\"{long:.1}\" height=\"{}\" rx=\"2\"/>\
                 <text class=\"label\" x=\"{:.1}\" y=\"{}\">{}</text>",
                left - 8.0,
                y + 13.0,
                escape(&shortened(&bar.name, names.clamp(5, 40))),
                class(bar.colour),
                y + 1.5,
                BAR - 4.0,
                left + long + 7.0,
                y + 13.0,
                escape(&bar.label)
            );
            y += BAR;
        }
        let mut grid = String::new();
        for tick in range.ticks(((right - left) / 110.0).round().max(2.0) as usize) {
            let x = left + tick.at * (right - left);
            let _ = write!(grid, "M{x:.1} {top}V{y}");
            let label = tick.label;
            let _ = write!(body, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", y + 18.0);
        }
        let middle = (left + right) / 2.0;
        let axis = escape(&self.axis);
        let _ = write!(body, "<text x=\"{middle:.1}\" y=\"{}\" text-anchor=\"middle\">{axis}</text>", y + 36.0);
        let height = y + 44.0;
        let mut text = svg::opened(&self.title, &self.description, options, width, height);
        let _ = write!(text, "<path class=\"grid\" d=\"{grid}\"/>{body}</svg>");
        (text, width, height)
    }
}
