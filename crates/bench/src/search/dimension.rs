use rheostat_record::document::{Node, Value};

/// One axis of a search space.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// The dotted key in the recipe.
    pub key: String,
    /// What it may be.
    pub values: Values,
}

/// What a dimension may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Anything between, evenly.
    Linear {
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
    },
    /// Anything between, evenly in its logarithm.
    Log {
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
    },
    /// One of these, as TOML values.
    Choices(Vec<Node>),
}

impl Values {
    /// The value at `place` of the unit interval.
    pub fn at(&self, place: f64, like: &Node) -> Node {
        let place = place.clamp(0.0, 1.0);
        let number = match self {
            Self::Linear { low, high } => low + place * (high - low),
            // The ends come out exact.
            Self::Log { low, high } => (low.ln() + place * (high.ln() - low.ln())).exp().clamp(*low, *high),
            Self::Choices(choices) => {
                let index = (place * choices.len() as f64) as usize;
                return choices[index.min(choices.len() - 1)].clone();
            }
        };
        Node { value: Value::Float(number), origin: like.origin.clone() }
    }
}
