//! A grid of character cells with finer dots in it.

/// What one cell is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// 2 x 4 dots: braille.
    Braille,
    /// 1 x 3 dots, as the ASCII characters that sit low, in the middle or high.
    Thirds,
    /// One letter for each series.
    Letters(&'static [char]),
}

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cell {
    dots: u8,
    colour: usize,
    over: Option<char>,
}

#[derive(Debug)]
pub(crate) struct Canvas {
    grain: Grain,
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

impl Canvas {
    pub(crate) fn new(grain: Grain, columns: usize, rows: usize) -> Self {
        Self { grain, columns, rows, cells: vec![Cell::default(); columns * rows] }
    }

    /// Dots across and down.
    pub(crate) fn size(&self) -> (usize, usize) {
        let (across, down) = self.grain.dots();
        (self.columns * across, self.rows * down)
    }

    /// Cells across.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Cells down.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Draws a line from dot to dot.
    pub(crate) fn line(&mut self, from: (i64, i64), to: (i64, i64), colour: usize) {
        let (across, down) = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
        let steps = across.max(down).max(1);
        // A line that leaves the picture is not followed out there.
        let height = self.size().1 as f64;
        let slope = (to.1 - from.1) as f64 / steps as f64;
        let reaches = |y: f64| if slope == 0.0 { 0.0 } else { (y - from.1 as f64) / slope };
        let (one, other) = (reaches(-1.0), reaches(height));
        let (first, last) = if slope == 0.0 { (0, steps) } else { (one.min(other) as i64, one.max(other) as i64 + 1) };
        for step in first.max(0)..=last.min(steps) {
            let at = |from: i64, to: i64| from + ((to - from) as f64 * step as f64 / steps as f64).round() as i64;
            self.dot(at(from.0, to.0), at(from.1, to.1), colour);
        }
    }

    fn dot(&mut self, x: i64, y: i64, colour: usize) {
        let (across, down) = self.grain.dots();
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        let (column, row) = (x / across, y / down);
        if column >= self.columns || row >= self.rows {
            return;
        }
        let cell = &mut self.cells[row * self.columns + column];
        cell.colour = colour;
        cell.dots |= match self.grain {
            Grain::Braille => [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]][y % down][x % across],
            Grain::Thirds | Grain::Letters(_) => 1 << (y % down),
        };
    }

    /// Whether cells of a row are untouched.
    pub(crate) fn free(&self, columns: std::ops::Range<usize>, row: usize) -> bool {
        columns.end <= self.columns
            && row < self.rows
            && self.cells[row * self.columns..][columns].iter().all(|cell| cell.dots == 0)
    }

    /// Puts a character where nothing is drawn, or over everything.
    pub(crate) fn put(&mut self, column: usize, row: usize, letter: char, over: bool) {
        if column < self.columns && row < self.rows {
            let cell = &mut self.cells[row * self.columns + column];
            if over || (cell.dots == 0 && cell.over.is_none()) {
                cell.over = Some(letter);
            }
        }
    }

    /// A cell's character, and its colour if a series drew it.
    pub(crate) fn cell(&self, column: usize, row: usize) -> (char, Option<usize>) {
        let Some(cell) = self.cells.get(row * self.columns + column) else { return (' ', None) };
        if let Some(letter) = cell.over {
            return (letter, None);
        }
        if cell.dots == 0 {
            return (' ', None);
        }
        let letter = match self.grain {
            Grain::Braille => char::from_u32(0x2800 + u32::from(cell.dots)).unwrap_or(' '),
            Grain::Thirds => ['\'', '-', ':', '.', ':', ':', '|'][usize::from(cell.dots - 1).min(6)],
            Grain::Letters(letters) => letters[cell.colour % letters.len()],
        };
        (letter, Some(cell.colour))
    }
}

impl Grain {
    fn dots(self) -> (usize, usize) {
        match self {
            Self::Braille => (2, 4),
            Self::Thirds => (1, 3),
            Self::Letters(_) => (1, 1),
        }
    }
}
