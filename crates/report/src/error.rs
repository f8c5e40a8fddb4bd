/// Why a picture or a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is nothing to report on.
    #[error("no {what} given: expected at least one")]
    Empty {
        /// What was missing.
        what: &'static str,
    },
    /// The runs have no such chart.
    #[error("no chart {name} ({help})")]
    Chart {
        /// What was asked for.
        name: String,
        /// What there is.
        help: String,
    },
    /// The page template failed.
    #[error("the page could not be laid out: {0}")]
    Page(#[from] askama::Error),
    /// The picture is not valid SVG, which is a bug.
    #[error("the picture is not valid SVG: {0}")]
    Svg(#[from] resvg::usvg::Error),
    /// The picture has no area, or too much of it.
    #[error("a picture of {width} x {height} pixels cannot be drawn: permitted are 1 to 16384 a side")]
    Size {
        /// Pixels across.
        width: f32,
        /// Pixels down.
        height: f32,
    },
    /// The pixels could not be written as PNG.
    #[error("the picture could not be written as PNG: {0}")]
    Png(String),
}
