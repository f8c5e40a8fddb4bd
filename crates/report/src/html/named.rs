use crate::chart::{Chart, SvgOptions, Theme, palette};

/// A name with its colour.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) faint: bool,
}

pub(crate) fn named(name: &str, colour: usize, faint: bool) -> Named {
    let dash = if palette::dashed(colour) { " dash" } else { "" };
    Named { name: name.to_owned(), class: palette::class(colour) + dash, faint }
}

/// A chart of a page.
pub(crate) struct Picture {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) svg: String,
}

/// The charts of a section, one a figure, and what their colours mean.
pub(crate) struct Shown {
    pub(crate) figures: Vec<Charted>,
}

/// A chart with its legend.
pub(crate) struct Charted {
    pub(crate) picture: Picture,
    pub(crate) legend: Vec<Named>,
}

impl Charted {
    /// A chart in the size that pages have; `id` becomes the identity of its caption.
    pub(crate) fn of(chart: &Chart, id: String) -> Self {
        let options = SvgOptions {
            width: 560.0,
            panel_height: 230.0,
            theme: Theme::Page,
            labelled_by: Some(id.clone()),
            ..SvgOptions::default()
        };
        let entry = |(name, colour, look): (String, usize, &str)| {
            let plain = named(&name, colour, look == "pale");
            if plain.faint || look.is_empty() {
                plain
            } else {
                Named { class: format!("{} {look}", plain.class), ..plain }
            }
        };
        let legend = chart.named().into_iter().map(entry).collect();
        Self { picture: Picture { id, title: chart.title().to_owned(), svg: chart.svg(&options) }, legend }
    }
}
