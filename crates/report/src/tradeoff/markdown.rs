use super::grid::{Cell, Grid, Weight};
use super::{Tradeoffs, grids, missing, words};
use crate::markdown::escaped;

/// What the curves say, and their tables, in GitHub's Markdown.
pub fn markdown(tradeoffs: &Tradeoffs<'_>) -> String {
    let mut text = format!("**{}**\n", escaped(&words::headline(tradeoffs)));
    let paragraph = |text: &mut String, words: &str| {
        if !words.is_empty() {
            *text += &format!("\n{}\n", escaped(words));
        }
    };
    for warning in words::warnings(tradeoffs) {
        text += &format!("\n> ⚠ {}\n", escaped(&warning));
    }
    for tradeoff in &tradeoffs.all {
        if tradeoffs.all.len() > 1 {
            text += &format!("\n## {}\n", escaped(&tradeoff.workload));
            paragraph(&mut text, &words::best(tradeoff).map(|best| best + ".").unwrap_or_default());
        }
        for sentence in missing::sentences(tradeoff) {
            text += &format!("\n> ⚠ {}\n", escaped(&sentence));
        }
        let sections = [
            (grids::qualities(tradeoff), words::dominance(tradeoff), words::intervals(tradeoff)),
            (grids::reaches(tradeoff), Vec::new(), words::reaching().to_owned()),
            (grids::differences(tradeoff), words::improvements(tradeoff), String::new()),
            (grids::gaps(tradeoff), words::gaps(tradeoff), String::new()),
        ];
        for (grid, sentences, note) in sections {
            let Some(grid) = grid else { continue };
            text += &format!("\n### {}\n", escaped(&grid.title));
            paragraph(&mut text, &sentences.join(" "));
            text += &format!("\n{}", table(&grid));
            paragraph(&mut text, &note);
        }
        text += "\n### Cost\n";
        paragraph(&mut text, &words::cost(tradeoff).join(" "));
    }
    text
}

fn table(grid: &Grid) -> String {
    let heads = grid.columns.iter().map(|column| escaped(column));
    let mut text = format!("| {} | {} |\n", escaped(&grid.across), heads.collect::<Vec<_>>().join(" | "));
    text += &format!("|---|{}\n", "--:|".repeat(grid.columns.len()));
    for line in &grid.lines {
        let cells: Vec<String> = line.cells.iter().map(cell).collect();
        text += &format!("| {} | {} |\n", escaped(&line.name()), cells.join(" | "));
    }
    text
}

fn cell(cell: &Cell) -> String {
    let text = escaped(&cell.text);
    let text = if cell.weight == Weight::Best { format!("**{text}**") } else { text };
    match cell.detail.as_str() {
        "" => text,
        detail if detail.starts_with('±') => format!("{text} {}", escaped(detail)),
        detail => format!("{text} ({})", escaped(detail)),
    }
}
