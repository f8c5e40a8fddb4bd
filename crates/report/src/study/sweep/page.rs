//! The sweeps of a page.

use super::heat::{Heat, heat};
use super::picture::picture;
use super::trials::{Sweep, Swept};
use super::words;
use crate::html::Picture;
use crate::html::{Named, named};
use crate::study::Study;
use crate::study::field::Field;

/// What a page shows of one sweep.
pub(in crate::study) struct Shown {
    pub(in crate::study) picture: Picture,
    pub(in crate::study) note: String,
    pub(in crate::study) findings: Vec<Finding>,
    pub(in crate::study) heat: Option<Heat>,
    /// What stands in its small letters.
    pub(in crate::study) outcome: String,
    pub(in crate::study) axis: String,
    pub(in crate::study) medians: String,
}

/// Where one submission did best.
pub(in crate::study) struct Finding {
    pub(in crate::study) submission: Named,
    pub(in crate::study) key: String,
    pub(in crate::study) sentences: [String; 2],
}

/// The sweeps of a field; `id` tells it from the others.
pub(in crate::study) fn all(study: &Study<'_>, field: &Field<'_>, id: usize) -> Vec<Shown> {
    Sweep::all(field)
        .iter()
        .enumerate()
        .map(|(index, sweep)| shown(study, sweep, format!("sweep-{id}-{index}")))
        .collect()
}

fn shown(study: &Study<'_>, sweep: &Sweep<'_>, id: String) -> Shown {
    let (picture, note) = picture(study, sweep, id);
    let finding = |swept: &Swept<'_>| Finding {
        submission: named(swept.submission, study.colour(swept.submission), false),
        key: swept.key.to_owned(),
        sentences: words::sentences(sweep, swept),
    };
    Shown {
        picture,
        note,
        findings: sweep.submissions.iter().map(finding).collect(),
        heat: heat(study, sweep),
        outcome: words::outcome(sweep).to_lowercase(),
        axis: sweep.axis.clone(),
        medians: words::note(sweep),
    }
}
