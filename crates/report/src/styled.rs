//! Lines of text with colour, of known width.

/// How a piece of text stands out in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Bold,
    Muted,
    Good,
    Bad,
    Warn,
    Colour(usize),
}

/// The palette in the 256 colours of terminals; each is readable on black and on white.
const COLOURS: [u8; 8] = [69, 208, 36, 169, 178, 99, 44, 245];

/// One line, in pieces.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Line {
    pieces: Vec<(String, Style)>,
    width: usize,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn text(text: impl AsRef<str>, style: Style) -> Self {
        Self::new().with(text, style)
    }

    pub(crate) fn with(mut self, text: impl AsRef<str>, style: Style) -> Self {
        self.push(text, style);
        self
    }

    /// Appends text. Control characters, which could take over the terminal, become visible ones.
    pub(crate) fn push(&mut self, text: impl AsRef<str>, style: Style) {
        let clean: String = text.as_ref().chars().map(visible).collect();
        self.width += clean.chars().count();
        match self.pieces.last_mut() {
            Some((last, same)) if *same == style => last.push_str(&clean),
            _ => self.pieces.push((clean, style)),
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        for (text, style) in other.pieces {
            self.push(text, style);
        }
    }

    pub(crate) fn pad(&mut self, width: usize) {
        self.push(" ".repeat(width.saturating_sub(self.width)), Style::Plain);
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The text, without spaces at its end; with escape sequences if `colour`, in plain ASCII if `ascii`.
    pub(crate) fn render(&self, colour: bool, ascii: bool) -> String {
        let mut rendered = String::new();
        let mut blank = String::new();
        for (text, style) in &self.pieces {
            let text = if ascii { plain(text) } else { text.clone() };
            let visible = text.trim_end_matches(' ');
            if visible.is_empty() {
                blank.push_str(&text);
                continue;
            }
            rendered.push_str(&blank);
            match style.code().filter(|_| colour) {
                Some(code) => rendered.push_str(&format!("\u{1b}[{code}m{visible}\u{1b}[0m")),
                None => rendered.push_str(visible),
            }
            blank = text[visible.len()..].to_owned();
        }
        rendered
    }
}

impl Style {
    fn code(self) -> Option<String> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1".to_owned()),
            Self::Muted => Some("2".to_owned()),
            Self::Good => Some("1;32".to_owned()),
            Self::Bad => Some("1;31".to_owned()),
            Self::Warn => Some("33".to_owned()),
            Self::Colour(colour) => Some(format!("38;5;{}", COLOURS[colour % COLOURS.len()])),
        }
    }
}

fn plain(text: &str) -> String {
    let letter = |letter: char| match letter {
        ' '..='~' => letter,
        '·' | '─' | '╌' => '-',
        '│' | '┤' | '┊' => '|',
        '└' | '┬' => '+',
        '×' | '✘' => 'x',
        '●' => 'o',
        '–' | '━' => '-',
        '±' => '~',
        '≤' => '<',
        '’' => '\'',
        '“' | '”' => '"',
        '✔' => '*',
        '…' => '~',
        '→' => '>',
        '█' => '#',
        '▓' => '=',
        '░' => '.',
        _ => '?',
    };
    text.chars().map(letter).collect()
}

/// A character that moves neither the cursor nor anything else. A space that does not break has done its work by now.
fn visible(letter: char) -> char {
    match letter {
        '\u{a0}' => ' ',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    }
}

/// The lines as one text.
pub(crate) fn render(lines: &[Line], colour: bool, ascii: bool) -> String {
    lines.iter().map(|line| line.render(colour, ascii) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_take_over_the_terminal() {
        let line = Line::text("\u{1b}[2Jrun\nname", Style::Bold);
        assert_eq!(line.render(false, false), "\u{fffd}[2Jrun\u{fffd}name");
        assert_eq!(line.render(false, true), "?[2Jrun?name");
    }

    #[test]
    fn colour_wraps_the_text_and_not_the_spaces_after_it() {
        let line = Line::text("ok  ", Style::Good).with("end  ", Style::Plain);
        assert_eq!(line.render(true, false), "\u{1b}[1;32mok\u{1b}[0m  end");
    }
}
