use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::{Chart, SvgOptions, Theme};
use crate::ReportError;

const LARGEST: f32 = 16_384.0;

impl Chart {
    /// The chart as a PNG file, `scale` pixels for each of the SVG's. Uses a typeface of its own, none of the system's.
    ///
    /// # Errors
    /// [`ReportError::Size`] if the picture has no area or would be larger than 16384 pixels a side.
    pub fn png(&self, options: &SvgOptions, scale: f32) -> Result<Vec<u8>, ReportError> {
        pixels(|options| self.drawn(options), options, scale)
    }
}

/// What is drawn as an `<svg>` of a size, as a PNG file.
pub(super) fn pixels(
    drawn: impl Fn(&SvgOptions) -> (String, f64, f64),
    options: &SvgOptions,
    scale: f32,
) -> Result<Vec<u8>, ReportError> {
    let theme = if options.theme == Theme::Page { Theme::Light } else { options.theme };
    let (svg, width, height) = drawn(&SvgOptions { theme, ..options.clone() });
    let (width, height) = ((width as f32 * scale).round(), (height as f32 * scale).round());
    if !((1.0..=LARGEST).contains(&width) && (1.0..=LARGEST).contains(&height)) {
        return Err(ReportError::Size { width, height });
    }
    let tree = Tree::from_str(&svg, &text_options())?;
    let mut pixels = Pixmap::new(width as u32, height as u32).ok_or(ReportError::Size { width, height })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| ReportError::Png(error.to_string()))
}

/// The one typeface, for every family asked for.
pub(crate) fn text_options() -> Options<'static> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_source(fontdb::Source::Binary(Arc::new(epaint_default_fonts::UBUNTU_LIGHT)));
    fonts.set_sans_serif_family("Ubuntu");
    Options { fontdb: Arc::new(fonts), font_family: "Ubuntu".to_owned(), ..Options::default() }
}
