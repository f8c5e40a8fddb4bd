/// A search for the largest value of a curve with one hump, by golden section: of two places within a bracket the better one
/// stays, and the bracket shrinks to what lies beside it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GoldenSection<T> {
    low: f64,
    high: f64,
    left: f64,
    right: f64,
    /// Value of the place that was looked at, with whatever belongs to it.
    seen: (f64, T),
    /// Whether that is the left one.
    seen_left: bool,
}

fn golden() -> f64 {
    0.5 * (5.0_f64.sqrt() - 1.0)
}

impl<T> GoldenSection<T> {
    /// Where to look first.
    pub(crate) fn first_place([low, high]: [f64; 2]) -> f64 {
        high - golden() * (high - low)
    }

    /// Begins with what was seen at the first place.
    pub(crate) fn new([low, high]: [f64; 2], seen: (f64, T)) -> Self {
        let (left, right) = (Self::first_place([low, high]), low + golden() * (high - low));
        Self { low, high, left, right, seen, seen_left: true }
    }

    pub(crate) fn width(&self) -> f64 {
        self.high - self.low
    }

    /// Where to look next.
    pub(crate) fn place(&self) -> f64 {
        if self.seen_left { self.right } else { self.left }
    }

    /// Takes in what was seen there.
    pub(crate) fn tell(&mut self, seen: (f64, T)) {
        let left_is_better = if self.seen_left { self.seen.0 > seen.0 } else { seen.0 > self.seen.0 };
        if left_is_better != self.seen_left {
            self.seen = seen;
        }
        if left_is_better {
            (self.high, self.right) = (self.right, self.left);
            self.left = Self::first_place([self.low, self.high]);
        } else {
            (self.low, self.left) = (self.left, self.right);
            self.right = self.low + golden() * (self.high - self.low);
        }
        self.seen_left = !left_is_better;
    }

    /// The best that was seen.
    pub(crate) fn best(self) -> (f64, T) {
        self.seen
    }
}

/// The largest value of a curve with one hump between `low` and `high`, by golden section, until they lie closer than
/// `narrow` or `most` sections are made. `look` gives the place's value and whatever belongs to it.
pub(crate) fn golden_section<T>(
    between: [f64; 2],
    narrow: f64,
    most: usize,
    look: impl Fn(f64) -> (f64, T),
) -> (f64, T) {
    let mut sections = GoldenSection::new(between, look(GoldenSection::<T>::first_place(between)));
    sections.tell(look(sections.place()));
    for _ in 0..most {
        let width = sections.width();
        sections.tell(look(sections.place()));
        if width < narrow {
            break;
        }
    }
    sections.best()
}
