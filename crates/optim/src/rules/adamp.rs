use rheostat_control::optimizers;

use super::adam::Adam;
use crate::{Buffer, OptimError, Parameter, RuleValues, State, UpdateRule};

/// AdamP: the direction `u` of Adam, and for a tensor of two or more axes whose gradient is nearly orthogonal to its weights
/// `u - theta_hat <theta_hat, u>`, `theta_hat = theta / (|theta| + epsilon)`.
///
/// Orthogonal is `max |cos(g, theta)| < delta / sqrt(length)` over the rows (slices of the first axis), or else of the whole
/// tensor; that part is then projected. A row of zeros counts as orthogonal.
#[derive(Debug)]
pub(super) struct Adamp {
    adam: Adam,
    epsilon: f64,
    delta: f64,
    wd_ratio: f64,
}

/// The weights to project away from, row by row.
struct Projection {
    weights: Buffer,
    /// `1 / (|theta| + epsilon)^2` of each row.
    inverse_squares: Vec<f64>,
}

impl Projection {
    fn of(&self, direction: Buffer) -> Result<Buffer, OptimError> {
        let along = direction.row_dots(&self.weights, self.inverse_squares.len())?;
        let factors: Vec<_> =
            along.iter().zip(&self.inverse_squares).map(|(along, inverse)| -along * inverse).collect();
        direction.add_scaled_rows(&self.weights, &factors)
    }
}

impl Adamp {
    pub(super) fn new(spec: &optimizers::Adamp) -> Self {
        let adam = Adam { look_ahead: spec.nesterov, ..Adam::with_epsilon(spec.epsilon) };
        Self { adam, epsilon: spec.epsilon, delta: spec.delta, wd_ratio: spec.wd_ratio }
    }

    /// The projection that this gradient asks for.
    fn projection(&self, gradient: &Buffer, parameter: &Parameter<'_>) -> Result<Option<Projection>, OptimError> {
        let rows = match parameter.shape {
            [rows, _, ..] if !gradient.is_empty() => *rows,
            _ => return Ok(None),
        };
        let weights = parameter.values()?;
        let products =
            [gradient.row_dots(&weights, rows)?, gradient.row_dots(gradient, rows)?, weights.row_dots(&weights, rows)?];
        let whole = products.each_ref().map(|rows| vec![rows.iter().sum()]);
        for [inner, gradients, squares] in [products, whole] {
            let bound = self.delta / (gradient.len() as f64 / inner.len() as f64).sqrt();
            let cosine = |((inner, gradient), square): ((&f64, &f64), &f64)| {
                inner.abs() / (gradient.sqrt() * square.sqrt()).max(self.epsilon)
            };
            if inner.iter().zip(&gradients).zip(&squares).map(cosine).all(|cosine| cosine < bound) {
                let inverse_squares = squares.iter().map(|square| (square.sqrt() + self.epsilon).powi(-2)).collect();
                return Ok(Some(Projection { weights, inverse_squares }));
            }
        }
        Ok(None)
    }
}

impl UpdateRule for Adamp {
    fn slots(&self) -> &'static [&'static str] {
        self.adam.slots()
    }

    fn counters(&self) -> &'static [&'static str] {
        &["mass_1", "mass_2", "decay_share"]
    }

    fn direction(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let projection = self.projection(&gradient, parameter)?;
        let (mut direction, mut state) = self.adam.direction(gradient, parameter, state, values)?;
        let mut decay_share = 1.0;
        if let Some(projection) = projection {
            direction = projection.of(direction)?;
            decay_share = self.wd_ratio;
        }
        state.counters.push(decay_share);
        Ok((direction, state))
    }

    fn without_momentum(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: &State,
        values: &RuleValues,
    ) -> Result<Buffer, OptimError> {
        let projection = self.projection(&gradient, parameter)?;
        let direction = self.adam.without_momentum(gradient, parameter, state, values)?;
        match projection {
            Some(projection) => projection.of(direction),
            None => Ok(direction),
        }
    }

    fn decay_share(&self, state: &State) -> f64 {
        state.counters.last().copied().unwrap_or(1.0)
    }

    fn second_moment(&self, state: &State, values: &RuleValues) -> Result<Option<f64>, OptimError> {
        self.adam.second_moment(state, values)
    }

    fn scale(&self, mut state: State, factor: f64) -> Result<State, OptimError> {
        let decay_share = state.counters.pop();
        let mut state = self.adam.scale(state, factor)?;
        state.counters.extend(decay_share);
        Ok(state)
    }
}
