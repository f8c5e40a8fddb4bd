use super::axis::{Range, Spread};
use super::{Chart, Look, Panel, Tiles};

/// Where everything of a picture goes, in pixels.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) height: f64,
    pub(crate) x: Range,
    pub(crate) panels: Vec<Place>,
    pub(crate) legend: Vec<Entry>,
}

/// One panel's place and range.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) y: Range,
}

/// One entry of the legend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) colour: usize,
    pub(crate) kind: Kind,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// What an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Line,
    Dashes,
    Faint,
    Dot,
    Ring,
    Band,
    Tiles,
}

/// Sizes that a picture is laid out in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Metrics {
    pub(crate) width: f64,
    pub(crate) panel: f64,
    /// Width of a letter, generously.
    pub(crate) letter: f64,
    /// Whether title and legend are part of the picture.
    pub(crate) alone: bool,
}

/// Above each panel: the name of its vertical axis, and what markers say.
pub(crate) const LANE: f64 = 28.0;
/// Below the last panel: tick labels and the name of the horizontal axis.
pub(crate) const FOOT: f64 = 42.0;
/// Between panels.
const GAP: f64 = 14.0;
const ROW: f64 = 20.0;
pub(crate) const SWATCH: f64 = 22.0;

impl Layout {
    pub(crate) fn new(chart: &Chart, metrics: Metrics) -> Self {
        let xs = chart.panels.iter().flat_map(|panel| {
            let points = panel.series.iter().flat_map(|series| series.points.iter().map(|point| point.0));
            let bands = panel.bands.iter().flat_map(|band| band.points.iter().map(|point| point.0));
            points.chain(bands).chain(panel.tiles.iter().flat_map(|tiles| tiles.edges(|tile| tile.across)))
        });
        let x = Range::across(&chart.x, xs.chain(chart.markers.iter().map(|marker| marker.at)));
        let ranges: Vec<Range> = chart.panels.iter().map(vertical).collect();
        let labels = ranges.iter().flat_map(|range| range.ticks(vertical_ticks(metrics.panel)));
        let widest = labels.map(|tick| tick.label.chars().count()).max().unwrap_or(1);
        let edge = if metrics.alone { 12.0 } else { 0.0 };
        let left = (widest as f64 * metrics.letter + 12.0).max(28.0) + edge;
        let right = metrics.width - 18.0;

        let mut top = 8.0;
        let mut legend = Vec::new();
        if metrics.alone {
            top = 40.0;
            legend = entries(chart);
            let (mut x, mut y) = (16.0, top);
            for entry in &mut legend {
                let width = SWATCH + 6.0 + entry.name.chars().count() as f64 * metrics.letter + 16.0;
                if x + width > metrics.width - 8.0 && x > 16.0 {
                    (x, y) = (16.0, y + ROW);
                }
                (entry.x, entry.y) = (x, y);
                x += width;
            }
            top = if legend.is_empty() { top } else { y + ROW + 8.0 };
        }
        let mut panels = Vec::new();
        for range in ranges {
            let place = Place { top: top + LANE, bottom: top + LANE + metrics.panel, y: range };
            top = place.bottom + GAP;
            panels.push(place);
        }
        Self { left, right, height: top - GAP + FOOT, x, panels, legend }
    }

    /// Pixels across of a value.
    pub(crate) fn across(&self, value: f64) -> Option<f64> {
        self.x.place(value).map(|at| self.left + at * (self.right - self.left))
    }
}

impl Place {
    /// Pixels down of a value.
    pub(crate) fn down(&self, value: f64) -> Option<f64> {
        self.y.place(value).map(|at| self.bottom - at * (self.bottom - self.top))
    }
}

pub(crate) fn vertical_ticks(height: f64) -> usize {
    (height / 44.0).round().max(2.0) as usize
}

/// The range of a panel's vertical axis.
pub(crate) fn vertical(panel: &Panel) -> Range {
    let values = panel.series.iter().flat_map(|series| series.points.iter().map(|point| point.1));
    let bands = panel.bands.iter().flat_map(|band| band.points.iter().flat_map(|point| [point.1, point.2]));
    let levels = panel.levels.iter().map(|level| level.value);
    let tiles = panel.tiles.iter().flat_map(|tiles| tiles.edges(|tile| tile.up));
    let spreads: Vec<Spread> =
        panel.series.iter().filter_map(|series| Spread::of(series.points.iter().map(|point| point.1))).collect();
    Range::up(&panel.y, values.chain(bands).chain(levels).chain(tiles), &spreads)
}

/// What the legend names: every name once; nothing if every line is named by its axis.
pub(crate) fn entries(chart: &Chart) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for panel in &chart.panels {
        let kind = |look: Look| match look {
            Look::Line | Look::Dots => Kind::Line,
            Look::Dashes => Kind::Dashes,
            Look::Faint => Kind::Faint,
            Look::Points => Kind::Dot,
            Look::Rings => Kind::Ring,
        };
        let series = panel.series.iter().map(|series| (&series.name, series.colour, kind(series.look)));
        let bands = panel.bands.iter().map(|band| (&band.name, band.colour, Kind::Band));
        let tiles = panel.tiles.iter().flat_map(Tiles::named).map(|(name, colour)| (name, colour, Kind::Tiles));
        for (name, colour, kind) in series.chain(bands).chain(tiles) {
            let known = entries.iter().any(|entry| entry.name == *name && entry.colour == colour);
            if !name.is_empty() && !known {
                entries.push(Entry { name: name.clone(), colour, kind, x: 0.0, y: 0.0 });
            }
        }
    }
    let says_nothing = |panel: &Panel| {
        panel.bands.is_empty()
            && panel.tiles.is_none()
            && matches!(panel.series.as_slice(), [] | [_])
            && panel.series.iter().all(|series| series.name == panel.y.label)
    };
    if entries.len() < 2 || chart.panels.iter().all(says_nothing) { Vec::new() } else { entries }
}
