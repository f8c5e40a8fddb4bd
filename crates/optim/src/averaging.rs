use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use rheostat_control::Averaging;
use serde::{Deserialize, Serialize};

use crate::layout::Layout;
use crate::reset::share;
use crate::store::{self, Stored};
use crate::walk::{self, FloatVisitor};
use crate::weights::isolated_with;
use crate::{Buffer, OptimError};

const WHAT: &str = "the average of the weights";
const FORMAT: &str = "rheostat-average";
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    count: u64,
}

/// An average of a model's weights along a run, in whatever way [`Averaging`] says. It works beside every optimizer.
///
/// Trained tensors are averaged. What is not trained, such as running statistics of normalisation, is the model's of the moment
/// at which the average is asked for.
#[derive(Debug)]
pub struct WeightAverage {
    plan: Averaging,
    /// One entry a float tensor of the model, nothing for those that are not trained; empty before the first weights joined.
    average: Vec<Option<Buffer>>,
    /// How many weights have joined.
    count: u64,
}

impl WeightAverage {
    /// An average without weights.
    pub fn new(plan: Averaging) -> Self {
        Self { plan, average: Vec::new(), count: 0 }
    }

    /// Takes in the weights after so many updates, if they are due.
    ///
    /// # Errors
    /// [`OptimError::OtherModel`] for another model, [`OptimError::Storage`] if values cannot be accessed.
    pub fn observe<M: Module>(&mut self, model: &M, updates: u64) -> Result<(), OptimError> {
        let Some(share) = self.plan.share(updates, self.count) else { return Ok(()) };
        let weights = trained(model)?;
        if self.count == 0 || share == 1.0 {
            self.average = weights;
        } else {
            self.mix(&weights, share)?;
        }
        self.count += 1;
        Ok(())
    }

    /// The model with the average for weights after so many updates; `None` before any have joined, and where the average does not
    /// stand. The copy shares nothing with the model.
    ///
    /// # Errors
    /// [`OptimError::OtherModel`] for another model.
    pub fn evaluation_weights<M: Module>(&self, model: &M, updates: u64) -> Result<Option<M>, OptimError> {
        if self.count == 0 || !self.plan.stands(updates) {
            return Ok(None);
        }
        let tensors = Layout::of(model)?.tensors.len();
        self.check_length(tensors)?;
        Ok(Some(isolated_with(model, self.average.clone())))
    }

    /// The average's part of a soft reset: it moves towards the fresh weights as the model does,
    /// `average <- (1 - tau) average + tau theta_fresh`. With `tau` 1 it begins anew.
    ///
    /// # Errors
    /// [`OptimError::OutOfRange`] for a `tau` outside 0 to 1, [`OptimError::OtherModel`] for another model.
    pub fn reset<M: Module>(&mut self, fresh: &M, tau: f64) -> Result<(), OptimError> {
        share("tau", tau)?;
        if tau == 1.0 {
            (self.average, self.count) = (Vec::new(), 0);
        } else if tau > 0.0 && self.count > 0 {
            self.mix(&trained(fresh)?, tau)?;
        }
        Ok(())
    }

    /// `average <- (1 - share) average + share other`.
    fn mix(&mut self, other: &[Option<Buffer>], share: f64) -> Result<(), OptimError> {
        self.check_length(other.len())?;
        for (average, other) in self.average.iter_mut().zip(other) {
            if let (Some(old), Some(other)) = (average.take(), other) {
                *average = Some(old.stepped(1.0 - share, other, -share)?);
            }
        }
        Ok(())
    }

    fn check_length(&self, tensors: usize) -> Result<(), OptimError> {
        if tensors == self.average.len() {
            return Ok(());
        }
        let why = format!("{tensors} float tensors instead of {}", self.average.len());
        Err(OptimError::OtherModel { what: "the model", why })
    }

    /// The average and how many weights have joined, as safetensors bytes.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn save(&self) -> Result<Vec<u8>, OptimError> {
        let header = Header { format: FORMAT.to_owned(), version: VERSION, count: self.count };
        let mut tensors = Vec::new();
        for (index, average) in self.average.iter().enumerate() {
            if let Some(average) = average {
                let (bytes, _, dtype) = average.to_data()?.into_parts();
                let data = TensorData::try_from_bytes(bytes, [average.len()], dtype).map_err(OptimError::storage)?;
                tensors.push((index.to_string(), data));
            }
        }
        store::write(WHAT, serde_json::to_string(&header).map_err(OptimError::storage)?, &tensors)
    }

    /// Takes over what [`WeightAverage::save`] wrote for such a model, and goes on from there bit for bit.
    ///
    /// # Errors
    /// [`OptimError::BadBytes`] if the bytes are damaged or of another model; nothing has changed then.
    pub fn load<M: Module>(&mut self, model: &M, bytes: &[u8]) -> Result<(), OptimError> {
        let bad = |why: String| OptimError::BadBytes { what: WHAT, why };
        let stored = Stored::parse(WHAT, bytes)?;
        let header: Header =
            serde_json::from_str(&stored.metadata).map_err(|_| bad(format!("unknown format {}", stored.metadata)))?;
        if header.format != FORMAT || header.version != VERSION {
            return Err(bad(format!(
                "format {} version {} instead of {FORMAT} {VERSION}",
                header.format, header.version
            )));
        }
        let layout = Layout::of(model)?;
        let expected = if header.count == 0 { 0 } else { layout.trainable().len() };
        if stored.names().len() != expected {
            return Err(bad(format!("{} tensors instead of {expected}", stored.names().len())));
        }
        let mut average = Vec::new();
        for (index, tensor) in layout.tensors.iter().enumerate().filter(|_| header.count > 0) {
            let length: usize = tensor.shape.iter().product();
            average.push(match tensor.trainable {
                true => {
                    let data = stored.tensor(&index.to_string(), &[length], tensor.dtype)?;
                    Some(Buffer::from_data(data, &tensor.device))
                }
                false => None,
            });
        }
        (self.average, self.count) = (average, header.count);
        Ok(())
    }
}

/// The values of every float tensor that is trained.
fn trained<M: Module>(model: &M) -> Result<Vec<Option<Buffer>>, OptimError> {
    walk::visit(model, Trained(Vec::new())).0.into_iter().map(Option::transpose).collect()
}

struct Trained(Vec<Option<Result<Buffer, OptimError>>>);

impl FloatVisitor for Trained {
    fn float<const D: usize>(&mut self, _path: &str, parameter: &Param<Tensor<D>>) {
        let trained = parameter.is_require_grad();
        self.0.push(trained.then(|| Buffer::from_tensor(parameter.base().inner())));
    }
}
