use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::prelude::*;

use crate::value::{Formula, Value};
use crate::{OptimError, reduce};

/// Elements that one task of a fused pass covers: small enough to stay in cache, large enough to be worth a task.
const CHUNK: usize = 1 << 15;
/// Below this many elements a second thread costs more than it saves.
const PARALLEL: usize = 1 << 17;

/// The values of one tensor, flat: host memory on a processor, a tensor on a device.
///
/// Moving a tensor in or out does not copy when nobody else holds it.
#[derive(Debug, Clone)]
pub struct Buffer {
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    /// Of type f32 or f64.
    Host(TensorData),
    Device(Tensor<1>),
}

impl Buffer {
    /// Takes over a tensor that has no autodiff association.
    pub(crate) fn from_tensor<const D: usize>(tensor: Tensor<D>) -> Result<Self, OptimError> {
        if on_host(&tensor.device(), tensor.dtype()) {
            return Ok(Self { place: Place::Host(tensor.try_into_data().map_err(OptimError::storage)?) });
        }
        Ok(Self::on_device(tensor))
    }

    /// The same by tensor operations wherever it lies.
    pub(crate) fn on_device<const D: usize>(tensor: Tensor<D>) -> Self {
        let length = tensor.shape().num_elements();
        Self { place: Place::Device(tensor.reshape([length])) }
    }

    /// Takes over values read from a file.
    pub(crate) fn from_data(data: TensorData, device: &Device) -> Self {
        if on_host(device, data.dtype()) {
            return Self { place: Place::Host(data) };
        }
        let rank_1 = [data.num_elements()];
        let (bytes, _, dtype) = data.into_parts();
        Self { place: Place::Device(Tensor::from_data(TensorData::from_bytes(bytes, rank_1, dtype), (device, dtype))) }
    }

    /// The values as a tensor of the shape given, on the device they are on.
    pub(crate) fn into_tensor<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        match self.place {
            Place::Host(data) => {
                let (bytes, _, dtype) = data.into_parts();
                Tensor::from_data(TensorData::from_bytes(bytes, shape, dtype), (device, dtype))
            }
            Place::Device(tensor) => tensor.reshape(shape),
        }
    }

    /// A copy of the values in host memory.
    pub(crate) fn to_data(&self) -> Result<TensorData, OptimError> {
        match &self.place {
            Place::Host(data) => Ok(data.clone()),
            Place::Device(tensor) => tensor.try_to_data().map_err(OptimError::storage),
        }
    }

    /// How many values.
    pub fn len(&self) -> usize {
        match &self.place {
            Place::Host(data) => data.num_elements(),
            Place::Device(tensor) => tensor.shape().num_elements(),
        }
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the values.
    pub fn dtype(&self) -> DType {
        match &self.place {
            Place::Host(data) => data.dtype(),
            Place::Device(tensor) => tensor.dtype(),
        }
    }

    /// As many zeros of the same type.
    pub fn zeros(&self) -> Self {
        let place = match &self.place {
            Place::Host(data) => Place::Host(match data.dtype() {
                DType::F64 => TensorData::new(vec![0.0_f64; data.num_elements()], data.shape().clone()),
                _ => TensorData::new(vec![0.0_f32; data.num_elements()], data.shape().clone()),
            }),
            Place::Device(tensor) => Place::Device(tensor.zeros_like()),
        };
        Self { place }
    }

    /// Applies an elementwise rule to this gradient: gives the direction, in the gradient's memory, and moves the state.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if a buffer cannot be accessed or the buffers differ in type, place or length.
    pub fn apply<F: Formula<S>, const S: usize>(self, formula: F, state: [&mut Self; S]) -> Result<Self, OptimError> {
        let length = self.len();
        if state.iter().any(|slot| slot.len() != length || slot.dtype() != self.dtype()) {
            return Err(OptimError::storage("state and gradient differ in length or type"));
        }
        match self.place {
            Place::Host(mut data) => {
                match data.dtype() {
                    DType::F64 => run::<f64, F, S>(formula, &mut data, state)?,
                    _ => run::<f32, F, S>(formula, &mut data, state)?,
                }
                Ok(Self { place: Place::Host(data) })
            }
            Place::Device(gradient) => {
                let mut tensors = Vec::with_capacity(S);
                let mut slots = Vec::with_capacity(S);
                for slot in state {
                    tensors.push(slot.take_tensor()?);
                    slots.push(slot);
                }
                let tensors = array(tensors)?;
                let (direction, next) = formula.apply(gradient, tensors);
                for (slot, tensor) in slots.into_iter().zip(next) {
                    slot.place = Place::Device(tensor);
                }
                Ok(Self { place: Place::Device(direction) })
            }
        }
    }

    /// `self + other * factor`.
    pub(crate) fn add_scaled(self, mut other: Self, factor: f64) -> Result<Self, OptimError> {
        self.apply(AddScaled(factor), [&mut other])
    }

    /// `self * factor`.
    pub(crate) fn scaled(self, factor: f64) -> Result<Self, OptimError> {
        self.apply(Scale(factor), [])
    }

    /// `self * keep - direction * step`: this buffer's memory is used, the direction's is not touched.
    pub(crate) fn stepped(self, keep: f64, direction: &Self, step: f64) -> Result<Self, OptimError> {
        match (self.place, &direction.place) {
            (Place::Host(mut data), Place::Host(direction)) => {
                match data.dtype() {
                    DType::F64 => step_host::<f64>(&mut data, keep, direction, step)?,
                    _ => step_host::<f32>(&mut data, keep, direction, step)?,
                }
                Ok(Self { place: Place::Host(data) })
            }
            (Place::Device(weights), Place::Device(direction)) => {
                let weights = if keep == 1.0 { weights } else { weights.mul_scalar(keep) };
                Ok(Self { place: Place::Device(weights.sub(direction.clone().mul_scalar(step))) })
            }
            _ => Err(OptimError::storage("weights and direction lie in different places")),
        }
    }

    /// `sum self * other`, the same for every number of threads.
    pub(crate) fn dot(&self, other: &Self) -> Result<f64, OptimError> {
        match self.beside(other)? {
            (Place::Host(a), Place::Host(b)) => match a.dtype() {
                DType::F64 => Ok(reduce::dot::<f64>(read(a)?, read(b)?)),
                _ => Ok(reduce::dot::<f32>(read(a)?, read(b)?)),
            },
            (Place::Device(a), Place::Device(b)) => reduce::sum_on_device(&a.clone().mul(b.clone())),
            _ => Err(OptimError::storage("two tensors lie in different places")),
        }
    }

    /// `sum self * other` of each of `rows` equal parts, the same for every number of threads.
    pub(crate) fn row_dots(&self, other: &Self, rows: usize) -> Result<Vec<f64>, OptimError> {
        let length = self.row_length(rows)?;
        match self.beside(other)? {
            (Place::Host(a), Place::Host(b)) => match a.dtype() {
                DType::F64 => Ok(reduce::row_dots::<f64>(read(a)?, read(b)?, length)),
                _ => Ok(reduce::row_dots::<f32>(read(a)?, read(b)?, length)),
            },
            (Place::Device(a), Place::Device(b)) => reduce::row_sums_on_device(&a.clone().mul(b.clone()), length),
            _ => Err(OptimError::storage("two tensors lie in different places")),
        }
    }

    /// Adds `other * factor` to each of as many equal parts as there are factors.
    pub(crate) fn add_scaled_rows(self, other: &Self, factors: &[f64]) -> Result<Self, OptimError> {
        let length = self.row_length(factors.len())?;
        self.beside(other)?;
        match (self.place, &other.place) {
            (Place::Host(mut data), Place::Host(other)) => {
                match data.dtype() {
                    DType::F64 => add_rows::<f64>(&mut data, other, factors, length)?,
                    _ => add_rows::<f32>(&mut data, other, factors, length)?,
                }
                Ok(Self { place: Place::Host(data) })
            }
            (Place::Device(tensor), Place::Device(other)) => {
                let options = (&tensor.device(), tensor.dtype());
                let factors = Tensor::<2>::from_data(TensorData::new(factors.to_vec(), [factors.len(), 1]), options);
                let added = other.clone().reshape([factors.dims()[0], length]).mul(factors);
                Ok(Self { place: Place::Device(tensor.add(added.reshape([-1]))) })
            }
            _ => Err(OptimError::storage("two tensors lie in different places")),
        }
    }

    /// How many values each of `rows` equal parts has.
    fn row_length(&self, rows: usize) -> Result<usize, OptimError> {
        match self.len().checked_div(rows) {
            Some(length) if length > 0 && length * rows == self.len() => Ok(length),
            _ => Err(OptimError::storage(format!("{} values in {rows} equal rows", self.len()))),
        }
    }

    /// `sum (self - other)^2`, the same for every number of threads.
    pub(crate) fn squared_distance(&self, other: &Self) -> Result<f64, OptimError> {
        match self.beside(other)? {
            (Place::Host(a), Place::Host(b)) => match a.dtype() {
                DType::F64 => Ok(reduce::squared_distance::<f64>(read(a)?, read(b)?)),
                _ => Ok(reduce::squared_distance::<f32>(read(a)?, read(b)?)),
            },
            (Place::Device(a), Place::Device(b)) => {
                let difference = a.clone().sub(b.clone());
                reduce::sum_on_device(&difference.clone().mul(difference))
            }
            _ => Err(OptimError::storage("two tensors lie in different places")),
        }
    }

    /// `sum self`, the same for every number of threads.
    pub(crate) fn sum(&self) -> Result<f64, OptimError> {
        match &self.place {
            Place::Host(values) => match values.dtype() {
                DType::F64 => Ok(reduce::sum::<f64>(read(values)?)),
                _ => Ok(reduce::sum::<f32>(read(values)?)),
            },
            Place::Device(values) => reduce::sum_on_device(values),
        }
    }

    /// `sum |self|`, the same for every number of threads.
    pub(crate) fn sum_of_magnitudes(&self) -> Result<f64, OptimError> {
        match &self.place {
            Place::Host(values) => match values.dtype() {
                DType::F64 => Ok(reduce::sum_of_magnitudes::<f64>(read(values)?)),
                _ => Ok(reduce::sum_of_magnitudes::<f32>(read(values)?)),
            },
            Place::Device(values) => reduce::sum_on_device(&values.clone().abs()),
        }
    }

    fn beside<'a>(&'a self, other: &'a Self) -> Result<(&'a Place, &'a Place), OptimError> {
        if self.len() != other.len() {
            return Err(OptimError::storage("two tensors differ in length"));
        }
        Ok((&self.place, &other.place))
    }

    /// How many values are infinite or NaN.
    pub(crate) fn count_non_finite(&self) -> Result<usize, OptimError> {
        if self.dot(self)?.is_finite() {
            return Ok(0);
        }
        match &self.place {
            Place::Host(data) => match data.dtype() {
                DType::F64 => Ok(reduce::count_non_finite::<f64>(read(data)?)),
                _ => Ok(reduce::count_non_finite::<f32>(read(data)?)),
            },
            Place::Device(tensor) => {
                let data = tensor.try_to_data().map_err(OptimError::storage)?;
                Ok(data.iter::<f64>().filter(|value| !value.is_finite()).count())
            }
        }
    }

    fn take_tensor(&mut self) -> Result<Tensor<1>, OptimError> {
        let nothing = Place::Host(TensorData::new(Vec::<f32>::new(), [0]));
        match std::mem::replace(&mut self.place, nothing) {
            Place::Device(tensor) => Ok(tensor),
            Place::Host(_) => Err(OptimError::storage("state and gradient lie in different places")),
        }
    }
}

/// Whether the values of such a tensor are host memory that a fused pass may run over.
fn on_host(device: &Device, dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F64) && *device == Device::flex()
}

#[derive(Clone, Copy)]
struct AddScaled(f64);

impl Formula<1> for AddScaled {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [other]: [V; 1]) -> (V, [V; 1]) {
        (gradient.plus(other.clone().scale(self.0)), [other])
    }
}

#[derive(Clone, Copy)]
struct Scale(f64);

impl Formula<0> for Scale {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, state: [V; 0]) -> (V, [V; 0]) {
        (gradient.scale(self.0), state)
    }
}

trait Number: Value + burn::tensor::Element + Copy + Send + Sync {}
impl Number for f32 {}
impl Number for f64 {}

fn read<T: Number>(data: &TensorData) -> Result<&[T], OptimError> {
    data.as_slice::<T>().map_err(OptimError::storage)
}

fn write<T: Number>(data: &mut TensorData) -> Result<&mut [T], OptimError> {
    data.as_mut_slice::<T>().map_err(OptimError::storage)
}

fn array<T, const S: usize>(parts: Vec<T>) -> Result<[T; S], OptimError> {
    parts.try_into().map_err(|_| OptimError::storage("a rule got another number of state tensors than it has"))
}

fn run<T: Number, F: Formula<S>, const S: usize>(
    formula: F,
    gradient: &mut TensorData,
    state: [&mut Buffer; S],
) -> Result<(), OptimError> {
    let mut slices = Vec::with_capacity(S);
    for slot in state {
        match &mut slot.place {
            Place::Host(data) => slices.push(write::<T>(data)?),
            Place::Device(_) => return Err(OptimError::storage("state and gradient lie in different places")),
        }
    }
    let (mut gradient, mut state) = (write::<T>(gradient)?, array(slices)?);
    if gradient.len() < PARALLEL {
        run_chunk(formula, gradient, state);
        return Ok(());
    }
    let mut tasks = Vec::with_capacity(gradient.len() / CHUNK + 1);
    while !gradient.is_empty() {
        let length = gradient.len().min(CHUNK);
        let (head, tail) = gradient.split_at_mut(length);
        gradient = tail;
        let mut heads = Vec::with_capacity(S);
        state = array(
            state
                .into_iter()
                .map(|slot| {
                    let (head, tail) = slot.split_at_mut(length);
                    heads.push(head);
                    tail
                })
                .collect(),
        )?;
        tasks.push((head, array::<_, S>(heads)?));
    }
    tasks.into_par_iter().for_each(|(gradient, state)| run_chunk(formula, gradient, state));
    Ok(())
}

fn run_chunk<T: Number, F: Formula<S>, const S: usize>(formula: F, gradient: &mut [T], state: [&mut [T]; S]) {
    let length = gradient.len();
    let state = state.map(|slot| &mut slot[..length]);
    for index in 0..length {
        let (direction, next) = formula.apply(gradient[index], std::array::from_fn(|slot| state[slot][index]));
        gradient[index] = direction;
        for slot in 0..S {
            state[slot][index] = next[slot];
        }
    }
}

fn step_host<T: Number>(
    weights: &mut TensorData,
    keep: f64,
    direction: &TensorData,
    step: f64,
) -> Result<(), OptimError> {
    let (weights, direction) = (write::<T>(weights)?, read::<T>(direction)?);
    if weights.len() != direction.len() {
        return Err(OptimError::storage("weights and direction differ in length"));
    }
    let pass = |(weights, direction): (&mut [T], &[T])| {
        for (weight, &direction) in weights.iter_mut().zip(direction) {
            *weight = weight.scale(keep).plus(direction.scale(-step));
        }
    };
    if weights.len() < PARALLEL {
        pass((weights, direction));
    } else {
        weights.par_chunks_mut(CHUNK).zip(direction.par_chunks(CHUNK)).for_each(pass);
    }
    Ok(())
}

fn add_rows<T: Number>(
    values: &mut TensorData,
    other: &TensorData,
    factors: &[f64],
    length: usize,
) -> Result<(), OptimError> {
    let (values, other) = (write::<T>(values)?, read::<T>(other)?);
    let pass = |((values, other), &factor): ((&mut [T], &[T]), &f64)| {
        for (value, &other) in values.iter_mut().zip(other) {
            *value = value.plus(other.scale(factor));
        }
    };
    if values.len() < PARALLEL {
        values.chunks_mut(length).zip(other.chunks(length)).zip(factors).for_each(pass);
    } else {
        values.par_chunks_mut(length).zip(other.par_chunks(length)).zip(factors).for_each(pass);
    }
    Ok(())
}
