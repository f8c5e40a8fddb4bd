//! One small line chart, drawn as SVG, PNG or text.
//!
//! ```
//! use rheostat_report::chart::{Axis, Chart, Panel, Series};
//!
//! let rate = Series::new("learning rate", [(0.0, 0.0), (10.0, 1e-3), (100.0, 0.0)]);
//! let chart = Chart::new("The rate rises, then falls", Axis::new("steps").whole())
//!     .panel(Panel::new(Axis::new("learning rate")).series(rate));
//! assert!(chart.svg(&Default::default()).starts_with("<svg"));
//! assert!(chart.terminal(&Default::default()).contains("learning rate"));
//! ```

pub(crate) mod axis;
mod bars;
mod canvas;
mod layout;
pub(crate) mod palette;
mod path;
mod png;
mod svg;
mod terminal;
mod thin;
mod tiles;

pub use axis::{Axis, Scale};
pub use bars::{Bar, Bars};
pub use palette::COLOURS;
pub(crate) use palette::Theme as Palette;
pub use svg::{SvgOptions, Theme};
pub use terminal::{Glyphs, TerminalOptions};
pub use tiles::{Tile, Tiles};

/// Panels above each other that share a horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) x: Axis,
    pub(crate) panels: Vec<Panel>,
    pub(crate) markers: Vec<Marker>,
}

/// One pair of axes with what is drawn in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
    pub(crate) bands: Vec<Band>,
    pub(crate) levels: Vec<Level>,
    pub(crate) tiles: Option<Tiles>,
}

/// A named line through points. A point whose y is not finite is a gap; so is a step back in x.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) colour: usize,
    pub(crate) look: Look,
    pub(crate) crosses: bool,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// A full line.
    #[default]
    Line,
    /// A thin pale line, behind the others: raw values under their mean. Left out of plots in a terminal.
    Faint,
    /// A line with a dot at every point: few, separate measurements.
    Dots,
    /// A dashed line with a hollow dot at every point: what is measured in another way than those with dots.
    Dashes,
    /// Dots without a line: measurements in no order.
    Points,
    /// The same with hollow dots, for those that are not like the others.
    Rings,
}

/// A shaded area between two heights.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64, f64)>,
    pub(crate) colour: usize,
}

/// A dashed horizontal line: a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    pub(crate) label: String,
    pub(crate) value: f64,
}

/// A vertical line: something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    pub(crate) label: String,
    pub(crate) at: f64,
    pub(crate) colour: Option<usize>,
}

impl Chart {
    /// A chart without panels.
    pub fn new(title: impl Into<String>, x: Axis) -> Self {
        Self { title: title.into(), description: String::new(), x, panels: Vec::new(), markers: Vec::new() }
    }

    /// What the chart shows, in words, for those who do not see it.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a panel below the others.
    #[must_use]
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// Adds a vertical marker through all panels.
    #[must_use]
    pub fn marker(mut self, marker: Marker) -> Self {
        self.markers.push(marker);
        self
    }

    /// What the legend of a page names: a name, its colour, and what it looks like, as a class.
    pub(crate) fn named(&self) -> Vec<(String, usize, &'static str)> {
        let look = |kind: layout::Kind| match kind {
            layout::Kind::Line => "",
            layout::Kind::Dashes => "dash",
            layout::Kind::Faint | layout::Kind::Band => "pale",
            layout::Kind::Dot => "round",
            layout::Kind::Ring => "round hollow",
            layout::Kind::Tiles => "shaded",
        };
        layout::entries(self).into_iter().map(|entry| (entry.name, entry.colour, look(entry.kind))).collect()
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }
}

impl Panel {
    /// A panel with nothing in it.
    pub fn new(y: Axis) -> Self {
        Self { y, series: Vec::new(), bands: Vec::new(), levels: Vec::new(), tiles: None }
    }

    /// Covers the panel with tiles, behind everything else. Left out of plots in a terminal.
    #[must_use]
    pub fn tiles(mut self, tiles: Tiles) -> Self {
        self.tiles = Some(tiles);
        self
    }

    /// Adds a series.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a band, behind the series.
    #[must_use]
    pub fn band(mut self, band: Band) -> Self {
        self.bands.push(band);
        self
    }

    /// Adds a level.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.levels.push(level);
        self
    }
}

impl Series {
    /// A full line in the first colour.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self { name: name.into(), points: points.into_iter().collect(), colour: 0, look: Look::Line, crosses: false }
    }

    /// The colour, by its place in the palette; beyond its end the same colours come again, dashed.
    #[must_use]
    pub fn colour(mut self, colour: usize) -> Self {
        self.colour = colour;
        self
    }

    /// How it is drawn.
    #[must_use]
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// Marks values that are not finite with a cross at the upper edge.
    #[must_use]
    pub fn crosses(mut self) -> Self {
        self.crosses = true;
        self
    }
}

impl Band {
    /// A band through (x, low, high).
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        Self { name: name.into(), points: points.into_iter().collect(), colour: 0 }
    }

    /// The colour, as of the series it belongs to.
    #[must_use]
    pub fn colour(mut self, colour: usize) -> Self {
        self.colour = colour;
        self
    }
}

impl Level {
    /// A level at a height.
    pub fn new(label: impl Into<String>, value: f64) -> Self {
        Self { label: label.into(), value }
    }
}

impl Marker {
    /// A marker at a place on the horizontal axis.
    pub fn new(label: impl Into<String>, at: f64) -> Self {
        Self { label: label.into(), at, colour: None }
    }

    /// The colour of the series it belongs to.
    #[must_use]
    pub fn colour(mut self, colour: usize) -> Self {
        self.colour = Some(colour);
        self
    }
}
