use burn::tensor::{DType, TensorData};
use serde::{Deserialize, Serialize};

use crate::rules::State;
use crate::store::{self, Stored};
use crate::{Buffer, OptimError, Optimizer};

const WHAT: &str = "optimizer state";
const FORMAT: &str = "rheostat-optimizer";
const VERSION: u32 = 1;
/// Name of the state numbers of a tensor, beside its state tensors.
const COUNTERS: &str = "counters";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    method: String,
    slots: Vec<String>,
    counters: Vec<String>,
}

impl Header {
    fn of(optimizer: &Optimizer) -> Self {
        let mut slots = Vec::new();
        let mut counters = Vec::new();
        for rule in &optimizer.rules {
            for (all, names) in [(&mut slots, rule.slots()), (&mut counters, rule.counters())] {
                for &name in names {
                    if !all.iter().any(|known| known == name) {
                        all.push(name.to_owned());
                    }
                }
            }
        }
        Self { format: FORMAT.to_owned(), version: VERSION, method: optimizer.spec.name().to_owned(), slots, counters }
    }

    fn check(&self, stored: &str) -> Result<(), OptimError> {
        let bad = |why: String| Err(OptimError::BadBytes { what: WHAT, why });
        let found: Self = match serde_json::from_str(stored) {
            Ok(found) => found,
            Err(_) => return bad(format!("unknown format {stored}")),
        };
        if found.format != self.format || found.version != self.version {
            return bad(format!("format {} version {} instead of {FORMAT} {VERSION}", found.format, found.version));
        }
        if found != *self {
            return bad(format!(
                "they are of {} with {}, not of {} with {}",
                found.method,
                found.names(),
                self.method,
                self.names()
            ));
        }
        Ok(())
    }

    fn names(&self) -> String {
        self.slots.iter().chain(&self.counters).map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

pub(crate) fn save(optimizer: &Optimizer) -> Result<Vec<u8>, OptimError> {
    let header = serde_json::to_string(&Header::of(optimizer)).map_err(OptimError::storage)?;
    let mut tensors = Vec::new();
    for ((tensor, rule), state) in optimizer.layout.tensors.iter().zip(&optimizer.rules).zip(&optimizer.states) {
        let Some(state) = state else { continue };
        for (name, slot) in rule.slots().iter().zip(&state.slots) {
            let (bytes, _, dtype) = slot.to_data()?.into_parts();
            let data = TensorData::try_from_bytes(bytes, tensor.shape.clone(), dtype).map_err(OptimError::storage)?;
            tensors.push((format!("{}/{name}", tensor.path), data));
        }
        if !state.counters.is_empty() {
            let counters = TensorData::new(state.counters.clone(), [state.counters.len()]);
            tensors.push((format!("{}/{COUNTERS}", tensor.path), counters));
        }
    }
    store::write(WHAT, header, &tensors)
}

pub(crate) fn load(optimizer: &Optimizer, bytes: &[u8]) -> Result<Vec<Option<State>>, OptimError> {
    let stored = Stored::parse(WHAT, bytes)?;
    Header::of(optimizer).check(&stored.metadata)?;
    let names = stored.names();
    let mut known = 0;
    let mut states = Vec::with_capacity(optimizer.states.len());
    for (tensor, rule) in optimizer.layout.tensors.iter().zip(&optimizer.rules) {
        let (path, slots, counters) = (&tensor.path, rule.slots(), rule.counters());
        let first = slots.first().copied().unwrap_or(COUNTERS);
        if names.binary_search(&format!("{path}/{first}").as_str()).is_err() {
            states.push(None);
            continue;
        }
        let mut state = State { slots: Vec::with_capacity(slots.len()), counters: Vec::new() };
        for name in slots {
            let data = stored.tensor(&format!("{path}/{name}"), &tensor.shape, tensor.dtype)?;
            state.slots.push(Buffer::from_data(data, &tensor.device));
        }
        if !counters.is_empty() {
            let data = stored.tensor(&format!("{path}/{COUNTERS}"), &[counters.len()], DType::F64)?;
            state.counters = data.iter::<f64>().collect();
        }
        known += slots.len() + usize::from(!counters.is_empty());
        states.push(Some(state));
    }
    if known != names.len() {
        let known = |name: &&&str| optimizer.layout.tensors.iter().any(|tensor| belongs(name, &tensor.path));
        let unknown = names.iter().find(|name| !known(name)).copied().unwrap_or("a part of a state");
        return Err(OptimError::BadBytes { what: WHAT, why: format!("the model has nothing for {unknown}") });
    }
    Ok(states)
}

fn belongs(name: &str, path: &str) -> bool {
    name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}
