use crate::chart::palette;

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
