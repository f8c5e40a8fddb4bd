/// One number that matters, at the head of a page.
pub(crate) struct Tile {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) detail: String,
    /// `good`, `bad` or nothing.
    pub(crate) class: &'static str,
}

impl Tile {
    pub(crate) fn new(name: &str, value: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into(), detail: detail.into(), class: "" }
    }

    /// Bad news if so.
    pub(crate) fn bad_if(self, bad: bool) -> Self {
        if bad { Self { class: "bad", ..self } } else { self }
    }
}
