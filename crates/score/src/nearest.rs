use crate::ScoreError;

/// The known name that is most like this one; empty if none is known.
pub(crate) fn nearest<'known>(name: &str, known: impl IntoIterator<Item = &'known str>) -> &'known str {
    known.into_iter().min_by_key(|known| strsim::damerau_levenshtein(known, name)).unwrap_or_default()
}

/// That nothing of a kind has this name.
pub(crate) fn unknown<'known>(
    what: &'static str,
    name: &str,
    known: impl IntoIterator<Item = &'known str>,
) -> ScoreError {
    ScoreError::Unknown { what, name: name.to_owned(), nearest: nearest(name, known).to_owned() }
}
