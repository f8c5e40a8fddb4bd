use crate::shapes::sequence::Part;
use crate::span::Span;
use crate::spec::ScheduleSpec;

/// How a schedule begins anew after a read-out point.
///
/// | parameter | unit | default |
/// |---|---|---|
/// | `peak_decay` | factor on every value, from cycle to cycle | 1 |
/// | `rewarm` | span: the warm-up of every cycle after the first | none: a hard restart |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restart {
    /// Factor on the values of a cycle from those of the one before.
    pub peak_decay: f64,
    /// Warm-up of every cycle but the first, which has the schedule's own.
    pub rewarm: Option<Span>,
}

impl Default for Restart {
    fn default() -> Self {
        Self { peak_decay: 1.0, rewarm: None }
    }
}

/// Why a schedule cannot be cut into cycles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotCyclable {
    /// It is the same at every point, or falls on for ever: there is nothing to begin anew.
    #[error("{method} does not come to an end at a point")]
    Endless {
        /// Its name.
        method: &'static str,
    },
    /// It begins anew by itself, at other points.
    #[error("{method} has cycles of its own")]
    Cycles {
        /// Its name.
        method: &'static str,
    },
}

impl ScheduleSpec {
    /// This schedule once in each cycle: from the beginning to the first point, then from point to point.
    ///
    /// Cycle `i` lasts from `p_(i-1)` to `p_i`, with `p_0 = 0`, and everything that refers to the whole span, as a percentage or by
    /// filling it, refers to the cycle. The first cycle is to the bit what the schedule is in a run that ends at the first point;
    /// the others begin without warm-up, or with that of `restart`. With a cosine this is the multiplicative cyclic schedule of
    /// arXiv:2206.00832, for any increasing points.
    ///
    /// ```
    /// use rheostat_schedule::{Frame, Restart, ScheduleSpec, Span};
    /// let points = [Span::Steps(16), Span::Steps(32), Span::Steps(64)];
    /// let spec = ScheduleSpec::from(ScheduleSpec::cosine(1.0).warmup(Span::Steps(8)));
    /// let schedule = spec.cycled(&points, &Restart::default())?.resolve(&Frame::steps(64))?;
    /// assert_eq!((schedule.at(8), schedule.at(12), schedule.at(16), schedule.at(48)), (1.0, 0.5, 1.0, 0.5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`NotCyclable`] if the schedule has no end to be read out at. Whether the points are in order and the cycles long enough
    /// shows when the result is resolved.
    pub fn cycled(&self, points: &[Span], restart: &Restart) -> Result<Self, NotCyclable> {
        let method = self.method();
        match self {
            Self::Constant(_) | Self::Noam(_) => return Err(NotCyclable::Endless { method }),
            Self::Rsqrt(shape) if shape.cooldown.amount() == 0.0 => return Err(NotCyclable::Endless { method }),
            _ => self.check_own_cycles()?,
        }
        let mut later = self.clone();
        later.common_mut().warmup = restart.rewarm;
        let mut height = 1.0;
        let parts = points.iter().enumerate().map(|(index, point)| {
            if index == 0 {
                return Part::until(*point, self.clone());
            }
            height *= restart.peak_decay;
            if height == 1.0 {
                return Part::until(*point, later.clone());
            }
            Part::until(*point, Self::product(later.clone(), Self::constant(height)))
        });
        Ok(Self::sequence(parts).into())
    }

    /// Whether nothing in it begins anew by itself.
    fn check_own_cycles(&self) -> Result<(), NotCyclable> {
        match self {
            Self::WarmRestarts(_) | Self::Cyclic(_) => Err(NotCyclable::Cycles { method: self.method() }),
            Self::Sequence(shape) => shape.parts.iter().try_for_each(|part| part.schedule.check_own_cycles()),
            Self::Product(shape) => [&shape.of, &shape.times].into_iter().try_for_each(|spec| spec.check_own_cycles()),
            _ => Ok(()),
        }
    }
}
