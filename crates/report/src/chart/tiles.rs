use std::fmt::Write as _;

use super::palette::{REST, class};

/// Rectangles coloured by a number: a height map. Below 0 they have one colour, above 0 another, the fuller the further away, as
/// full as can be from -1 and 1 on; near 0 they show the ground, and what is not a number is grey.
#[derive(Debug, Clone, PartialEq)]
pub struct Tiles {
    below: String,
    above: String,
    neither: String,
    tiles: Vec<Tile>,
}

/// One rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tile {
    /// From here to there on the horizontal axis.
    pub across: (f64, f64),
    /// From here to there on the vertical axis.
    pub up: (f64, f64),
    /// What its colour says.
    pub value: f64,
}

/// The colours below and above 0.
const BELOW: usize = 0;
const ABOVE: usize = 1;
/// Steps from the ground to the full colour.
const FULL: i32 = 10;
/// How full the fullest is, so that lines can be seen on it.
const DENSEST: f64 = 0.85;

impl Tiles {
    /// Tiles whose colours have these names in the legend; `neither` names what is not a number, and only if there is any.
    pub fn new(
        below: impl Into<String>,
        above: impl Into<String>,
        neither: impl Into<String>,
        tiles: impl IntoIterator<Item = Tile>,
    ) -> Self {
        let tiles = tiles.into_iter().collect();
        Self { below: below.into(), above: above.into(), neither: neither.into(), tiles }
    }

    /// Names with their colours.
    pub(super) fn named(&self) -> impl Iterator<Item = (&String, usize)> {
        let neither = self.tiles.iter().any(|tile| tile.value.is_nan()).then_some((&self.neither, REST));
        [(&self.below, BELOW), (&self.above, ABOVE)].into_iter().chain(neither)
    }

    /// All edges along one axis.
    pub(super) fn edges(&self, of: fn(&Tile) -> (f64, f64)) -> impl Iterator<Item = f64> + Clone {
        self.tiles.iter().flat_map(move |tile| [of(tile).0, of(tile).1])
    }

    /// As SVG, one path for every shade.
    pub(super) fn push(
        &self,
        text: &mut String,
        across: impl Fn(f64) -> Option<f64>,
        down: impl Fn(f64) -> Option<f64>,
    ) {
        for shade in (-FULL..=FULL).map(Some).chain([None]).filter(|shade| *shade != Some(0)) {
            let mut data = String::new();
            for tile in self.tiles.iter().filter(|tile| tile.shade() == shade) {
                let corners = (across(tile.across.0), across(tile.across.1), down(tile.up.0), down(tile.up.1));
                if let (Some(left), Some(right), Some(bottom), Some(top)) = corners {
                    // Writing to a string cannot fail.
                    let _ = write!(data, "M{left:.1} {bottom:.1}H{right:.1}V{top:.1}H{left:.1}z");
                }
            }
            if !data.is_empty() {
                let (colour, full) = match shade {
                    Some(shade) if shade < 0 => (BELOW, shade),
                    Some(shade) => (ABOVE, shade),
                    None => (REST, FULL),
                };
                let _ = write!(text, "<path class=\"tile {}\"{} d=\"{data}\"/>", class(colour), opacity(full));
            }
        }
    }
}

impl Tile {
    /// How full it is, negative below 0; none if it is not a number.
    fn shade(&self) -> Option<i32> {
        // The clamp keeps infinities within.
        (!self.value.is_nan()).then(|| (self.value.clamp(-1.0, 1.0) * f64::from(FULL)).round() as i32)
    }
}

fn opacity(shade: i32) -> String {
    format!(" fill-opacity=\"{:.2}\"", DENSEST * f64::from(shade.abs()) / f64::from(FULL))
}

/// What stands in the legend: from the ground to the full colour.
pub(super) fn push_swatch(text: &mut String, class: &str, x: f64, y: f64, width: f64) {
    let part = width / f64::from(FULL);
    for shade in 1..=FULL {
        let left = x + part * f64::from(shade - 1);
        let shade = if class == self::class(REST) { FULL } else { shade };
        let _ = write!(
            text,
            "<path class=\"tile {class}\"{} d=\"M{left:.1} {y}h{part:.1}v12h-{part:.1}z\"/>",
            opacity(shade)
        );
    }
}
