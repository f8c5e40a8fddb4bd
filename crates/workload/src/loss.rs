//! The loss of every workload, softmax cross-entropy: once on tensors for training, once on the host for evaluation.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::Evaluation;

pub(crate) use rheostat_kernels::cross_entropy;

/// Class numbers as a tensor.
pub(crate) fn targets(classes: &[u8], device: &Device) -> Tensor<1, Int> {
    let numbers: Vec<i32> = classes.iter().copied().map(i32::from).collect();
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), device)
}

/// Sums over a split, on the host and in double precision.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    loss: f64,
    right: u64,
    seen: u64,
}

impl Tally {
    /// Counts logits `[samples, classes]` against the true classes.
    pub(crate) fn add(&mut self, logits: Tensor<2>, truth: &[u8]) {
        let [_, classes] = logits.dims();
        let values: Vec<f64> = logits.into_data().iter::<f64>().collect();
        for (row, &class) in values.chunks_exact(classes).zip(truth) {
            self.add_row(row, usize::from(class));
        }
    }

    fn add_row(&mut self, logits: &[f64], class: usize) {
        let finite = logits.iter().all(|logit| logit.is_finite());
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let partition: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        let own = logits.get(class).copied().unwrap_or(f64::NAN);
        self.loss += if finite { partition.ln() + largest - own } else { f64::NAN };
        self.right += u64::from(logits.iter().position(|&logit| logit == largest) == Some(class));
        self.seen += 1;
    }

    /// Mean loss, and the share of samples whose largest logit is the true class.
    pub(crate) fn accuracy(&self) -> Evaluation {
        let seen = self.seen as f64;
        let metric = if self.loss.is_nan() { f64::NAN } else { self.right as f64 / seen };
        Evaluation { loss: self.loss / seen, metric }
    }

    /// Mean loss, which is the metric, too.
    pub(crate) fn loss(&self) -> Evaluation {
        let loss = self.loss / self.seen as f64;
        Evaluation { loss, metric: loss }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(tensor: Tensor<1>) -> f64 {
        tensor.into_data().iter::<f64>().next().unwrap()
    }

    fn logits(device: &Device) -> Tensor<2> {
        Tensor::from_data([[1.0, 2.0, 3.0], [0.5, -0.5, 0.0]], device)
    }

    // Reference values: -log softmax([1, 2, 3])[2] and -log softmax([.5, -.5, 0])[0] by hand.
    const FIRST: f64 = 0.407_605_964_444_380_1;
    const SECOND: f64 = 0.680_269_673_108_243_3;

    #[test]
    fn cross_entropy_is_the_mean_negative_log_likelihood() {
        let device = Device::flex();
        let loss = cross_entropy(logits(&device), targets(&[2, 0], &device), 0.0);
        assert!((scalar(loss) - (FIRST + SECOND) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn label_smoothing_spreads_its_mass_over_all_classes() {
        let device = Device::flex();
        let loss = cross_entropy(logits(&device), targets(&[2, 0], &device), 0.3);
        // The two rows' mean negative log-likelihood over all classes is the logit distance to the true class away.
        let uniform = (FIRST + 1.0 + SECOND + 0.5) / 2.0;
        assert!((scalar(loss) - (0.7 * (FIRST + SECOND) / 2.0 + 0.3 * uniform)).abs() < 1e-6);
    }

    #[test]
    fn huge_logits_do_not_overflow() {
        let device = Device::flex();
        let loss = cross_entropy(Tensor::from_data([[1e4, -1e4]], &device), targets(&[0], &device), 0.0);
        assert_eq!(scalar(loss), 0.0);
    }

    #[test]
    fn the_host_agrees_with_the_tensors() {
        let device = Device::flex();
        let mut tally = Tally::default();
        tally.add(logits(&device), &[2, 1]);
        let on_device = cross_entropy(logits(&device), targets(&[2, 1], &device), 0.0);
        assert!((tally.accuracy().loss - scalar(on_device)).abs() < 1e-6);
        assert_eq!(tally.accuracy().metric, 0.5);
        assert_eq!(tally.loss().metric, tally.loss().loss);
    }

    #[test]
    fn one_output_that_is_not_finite_makes_the_evaluation_nan() {
        let device = Device::flex();
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut tally = Tally::default();
            tally.add(Tensor::from_data([[0.0, 1.0], [bad, 1.0], [0.0, 1.0]], &device), &[1, 1, 1]);
            assert!(tally.accuracy().loss.is_nan() && tally.accuracy().metric.is_nan(), "{bad}");
        }
    }

    #[test]
    fn an_empty_split_has_no_mean() {
        assert!(Tally::default().accuracy().loss.is_nan());
        assert!(Tally::default().accuracy().metric.is_nan());
    }
}
