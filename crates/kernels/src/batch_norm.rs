//! Batch normalisation.

use std::sync::{Arc, OnceLock};

use burn::backend::flex::FlexTensor;
use burn::nn::BatchNorm;
use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};

use crate::native::batch_norm::{self as native, Affine, After, Mask, Statistics, Sums};
use crate::native::real::Real;
use crate::operation::{Operation, apply_3, apply_4};
use crate::switch::takes;
use crate::tensor::{Number, channels_last, channels_second, create, dense, numbers, sizes, typed, vector};

/// What [`BatchNorm::forward`] returns: `(x - mean) / √(variance + epsilon) gamma + beta` per channel, the second axis
/// (arXiv:1502.03167).
///
/// In training, mean and biased variance are those of the batch, and the running ones move towards them by the layer's momentum,
/// as in Burn. (PyTorch's running variance is unbiased.) The kernel's result has the channels last in memory.
///
/// An empty batch has an empty result. The kernel leaves the running moments as they are then; Burn makes them no numbers.
///
/// # Panics
/// If the second axis is not as long as the layer's parameters.
pub fn batch_norm<const D: usize>(layer: &BatchNorm, input: Tensor<D>) -> Tensor<D> {
    if takes(&input) { fused(layer, input, None, false) } else { layer.forward(input) }
}

/// `max(0, batch_norm(input))` in one pass less over memory.
///
/// # Panics
/// As [`batch_norm`].
pub fn batch_norm_relu<const D: usize>(layer: &BatchNorm, input: Tensor<D>) -> Tensor<D> {
    if takes(&input) { fused(layer, input, None, true) } else { relu(layer.forward(input)) }
}

/// `max(0, batch_norm(input) + shortcut)`, the end of a residual block, in two passes less over memory.
///
/// # Panics
/// As [`batch_norm`], and if the shapes of input and shortcut differ.
pub fn batch_norm_add_relu<const D: usize>(layer: &BatchNorm, input: Tensor<D>, shortcut: Tensor<D>) -> Tensor<D> {
    assert_eq!(input.dims(), shortcut.dims(), "a shortcut of the input's shape");
    if takes(&input) { fused(layer, input, Some(shortcut), true) } else { relu(layer.forward(input) + shortcut) }
}

fn fused<const D: usize>(layer: &BatchNorm, input: Tensor<D>, shortcut: Option<Tensor<D>>, relu: bool) -> Tensor<D> {
    let parameters = [layer.gamma.val(), layer.beta.val()];
    let [channels] = parameters[0].dims();
    assert_eq!(input.dims()[1], channels, "a second axis of the layer's channels");
    let device = input.device();
    // An empty batch has no moments.
    let training = device.is_autodiff() && layer.training.is_enabled() && input.shape().num_elements() > 0;
    let running = |state: Tensor<1>| state.into_data().iter::<f64>().collect::<Vec<f64>>();
    let fixed = (!training)
        .then(|| Moments { mean: running(layer.running_mean.value()), variance: running(layer.running_var.value()) });
    let measured = Arc::new(OnceLock::new());
    let operation = Normalisation { epsilon: layer.epsilon, fixed, relu, measured: measured.clone() };
    let result = match shortcut {
        Some(shortcut) => apply_4(operation, input, parameters, shortcut),
        None => {
            let [gamma, beta] = parameters;
            apply_3(operation, input, gamma, beta)
        }
    };
    if let Some(Moments { mean, variance }) = measured.get() {
        for (state, new) in [(&layer.running_mean, mean), (&layer.running_var, variance)] {
            let old = state.value_sync();
            let place = (&old.device(), old.dtype());
            let new = Tensor::<1>::from_data(TensorData::new(new.clone(), [channels]), place);
            state.update(old.mul_scalar(1.0 - layer.momentum).add(new.mul_scalar(layer.momentum)).detach());
        }
    }
    result
}

/// Mean and variance of each channel.
#[derive(Debug, Clone)]
struct Moments {
    mean: Vec<f64>,
    variance: Vec<f64>,
}

#[derive(Debug, Clone)]
struct Normalisation {
    epsilon: f64,
    /// Moments that are given rather than those of the batch.
    fixed: Option<Moments>,
    relu: bool,
    /// Where the forward pass leaves the moments of the batch.
    measured: Arc<OnceLock<Moments>>,
}

/// What the backward pass needs, the channels last.
#[derive(Debug, Clone)]
struct Saved {
    input: FlexTensor,
    /// If there is a shortcut: where it is zero, the gradient stops.
    result: Option<FlexTensor>,
    mean: Vec<f64>,
    /// `1 / √(variance + epsilon)`.
    inverse: Vec<f64>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
}

impl Saved {
    /// The normalisation as it was computed.
    fn affine<T: Real>(&self) -> Affine<T> {
        let numbers = |numbers: &[f64]| numbers.iter().map(|&number| T::of(number)).collect::<Vec<T>>();
        let scale = self.gamma.iter().zip(&self.inverse).map(|(gamma, inverse)| T::of(gamma * inverse)).collect();
        Affine { centre: numbers(&self.mean), scale, shift: numbers(&self.beta) }
    }
}

fn wide<T: Real>(numbers: &[T]) -> Vec<f64> {
    numbers.iter().map(|number| number.wide()).collect()
}

impl Normalisation {
    fn run<T: Number>(&self, inputs: [FlexTensor; 3], shortcut: Option<FlexTensor>) -> (FlexTensor, Saved) {
        let [input, gamma, beta] = inputs;
        let (input, gamma, beta) = (channels_last(input), dense(gamma), dense(beta));
        let [channels] = sizes(&gamma);
        let moments = self.fixed.clone().unwrap_or_else(|| {
            let Statistics { mean, variance } = native::statistics::<T>(numbers(&input), channels);
            let moments = Moments { mean: wide(&mean), variance: wide(&variance) };
            // Empty unless this operation runs twice, which then measures the same.
            let _ = self.measured.set(moments.clone());
            moments
        });
        let inverse = moments.variance.iter().map(|variance| 1.0 / (variance + self.epsilon).sqrt()).collect();
        let (gamma, beta) = (wide::<T>(numbers(&gamma)), wide::<T>(numbers(&beta)));
        let mut saved = Saved { input, result: None, mean: moments.mean, inverse, gamma, beta };
        let shortcut = shortcut.map(channels_last);
        let after = After { shortcut: shortcut.as_ref().map(numbers), relu: self.relu };
        let result = create::<T>(saved.input.layout().shape().clone(), |result| {
            native::forward(numbers(&saved.input), &saved.affine(), after, result);
        });
        saved.result = shortcut.map(|_| result.clone());
        (channels_second(result), saved)
    }

    /// The gradients of input, gamma, beta and shortcut.
    fn slopes<T: Number>(&self, saved: &Saved, gradient: FlexTensor, wanted: [bool; 4]) -> [Option<FlexTensor>; 4] {
        let affine = saved.affine::<T>();
        let input = numbers::<T>(&saved.input);
        let gradient = channels_last(gradient);
        let shape = saved.input.layout().shape().clone();
        let mask = match &saved.result {
            _ if !self.relu => Mask::None,
            Some(result) => Mask::Result(numbers(result)),
            None => Mask::Input,
        };
        let sum = |masked: &mut [T]| native::gradient_sums(input, numbers(&gradient), &affine, mask, masked);
        let (sums, gradient) = if matches!(mask, Mask::Result(_)) {
            let mut sums = Sums::default();
            let masked = create(shape.clone(), |masked| sums = sum(masked));
            (sums, masked)
        } else {
            (sum(&mut []), gradient)
        };
        let of_input = wanted[0].then(|| {
            let share = affine.centre.len() as f64 / input.len() as f64;
            let shift: Vec<T> = sums.shift.iter().map(|sum| T::of(sum * share)).collect();
            let slopes = sums.distance.iter().zip(&saved.inverse);
            let slope: Vec<T> = slopes.map(|(sum, inverse)| T::of(sum * inverse * inverse * share)).collect();
            // Moments that are given do not move with the input.
            let drift = self.fixed.is_none().then_some([&shift[..], &slope]);
            let rectified = self.relu && saved.result.is_none();
            channels_second(create(shape.clone(), |result| {
                native::input_gradient(input, numbers(&gradient), &affine, rectified, drift, result);
            }))
        });
        let dtype = saved.input.dtype();
        let of_gamma = wanted[1].then(|| {
            let sums: Vec<f64> = sums.distance.iter().zip(&saved.inverse).map(|(sum, inverse)| sum * inverse).collect();
            vector(&sums, dtype)
        });
        let of_beta = wanted[2].then(|| vector(&sums.shift, dtype));
        let of_shortcut = wanted[3].then(|| channels_second(gradient));
        [of_input, of_gamma, of_beta, of_shortcut]
    }
}

impl Operation<3> for Normalisation {
    type Saved = Saved;

    fn forward(&self, inputs: [FlexTensor; 3]) -> (FlexTensor, Saved) {
        typed!(inputs[0], T => self.run::<T>(inputs, None))
    }

    fn backward(&self, saved: Saved, gradient: FlexTensor, [input, gamma, beta]: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let wanted = [input, gamma, beta, false];
        let [input, gamma, beta, _] = typed!(saved.input, T => self.slopes::<T>(&saved, gradient, wanted));
        [input, gamma, beta]
    }
}

impl Operation<4> for Normalisation {
    type Saved = Saved;

    fn forward(&self, [input, gamma, beta, shortcut]: [FlexTensor; 4]) -> (FlexTensor, Saved) {
        typed!(input, T => self.run::<T>([input, gamma, beta], Some(shortcut)))
    }

    fn backward(&self, saved: Saved, gradient: FlexTensor, wanted: [bool; 4]) -> [Option<FlexTensor>; 4] {
        typed!(saved.input, T => self.slopes::<T>(&saved, gradient, wanted))
    }
}
