use askama::Template;
use rheostat_record::Landscape;

use super::{charts, headline, table};
use crate::ReportError;
use crate::html::{Charted, Shown, style};
use crate::number::{plural, unbroken};

#[derive(Template)]
#[template(path = "landscape.html")]
struct Page {
    title: String,
    about: String,
    style: String,
    script: &'static str,
    shown: Shown,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    program: String,
}

/// A page with the pictures and every update: self-contained, for light and dark. `name` says what was trained, `program` what made
/// the page.
///
/// # Errors
/// [`ReportError::Empty`] if no update was measured.
pub fn html(landscape: &Landscape, name: &str, program: &str) -> Result<String, ReportError> {
    if landscape.columns.is_empty() {
        return Err(ReportError::Empty { what: "update" });
    }
    let mut rows = table(landscape, usize::MAX);
    let head = rows.remove(0);
    let figures = charts(landscape).iter().map(|(stem, chart)| Charted::of(chart, format!("figure-{stem}"))).collect();
    let sizes = plural(landscape.sizes.len() as u64, "step size");
    let page = Page {
        title: unbroken(&headline(landscape)),
        about: format!("{name} · {sizes} along each update"),
        style: style(),
        script: include_str!("../../templates/script.js"),
        shown: Shown { figures },
        head,
        rows,
        program: program.to_owned(),
    };
    Ok(page.render()?)
}
