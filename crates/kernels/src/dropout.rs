//! Dropout.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Device, Distribution, Tensor};

use crate::native::dropout::{Mask, apply};
use crate::operation::{Operation, apply_1};
use crate::switch::takes;
use crate::tensor::{create, dense, numbers, sizes, typed};

/// Sets each number to 0 with the given probability and divides the others by the probability that is left.
///
/// On devices without autodiff, and for a probability that is not above 0, the identity, which draws nothing. The kernel draws
/// one key from the generator of the device, and each element's fate is a function of the key and its position; Burn's own
/// operations draw every element, so that the two paths drop different ones.
pub fn dropout<const D: usize>(input: Tensor<D>, probability: f64) -> Tensor<D> {
    match mask(&input.device(), probability) {
        None => input,
        Some(_) if probability >= 1.0 => input.mul_scalar(0.0),
        Some(key) if takes(&input) => apply_1(Dropout::<D>(Mask::new(key(), probability)), input),
        Some(_) => composed(input, probability),
    }
}

/// What draws a key for a mask, if there is anything to drop.
pub(crate) fn mask(device: &Device, probability: f64) -> Option<impl FnOnce() -> u64 + use<>> {
    let device = device.clone();
    (probability > 0.0 && device.is_autodiff()).then_some(move || key(&device))
}

/// 48 random bits from the generator of the device.
fn key(device: &Device) -> u64 {
    const BITS: f64 = 16_777_216.0;
    let halves = Tensor::<1>::random([2], Distribution::Uniform(0.0, BITS), &device.clone().inner()).into_data();
    halves.iter::<f64>().fold(0, |key, half| (key << 24) ^ half as u64)
}

/// The same by Burn's own operations.
pub(crate) fn composed<const D: usize>(input: Tensor<D>, probability: f64) -> Tensor<D> {
    if mask(&input.device(), probability).is_none() {
        return input;
    }
    let keep = 1.0 - probability;
    let mask = input.random_like(Distribution::Bernoulli(keep)).div_scalar(keep);
    input * mask
}

#[derive(Debug, Clone, Copy)]
struct Dropout<const D: usize>(Mask);

impl<const D: usize> Dropout<D> {
    fn run(&self, input: FlexTensor) -> FlexTensor {
        let input = dense(input);
        typed!(input, T => create::<T>(sizes::<D>(&input), |result| apply(self.0, numbers(&input), result)))
    }
}

impl<const D: usize> Operation<1> for Dropout<D> {
    type Saved = ();

    fn forward(&self, [input]: [FlexTensor; 1]) -> (FlexTensor, ()) {
        (self.run(input), ())
    }

    fn backward(&self, (): (), gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        [Some(self.run(gradient))]
    }
}
