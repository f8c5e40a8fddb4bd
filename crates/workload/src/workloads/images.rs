use burn::tensor::{Device, Tensor};

use crate::loss::{cross_entropy, targets};
use crate::random::{Purpose, shuffle, stream_of, symmetric_beta};
use crate::resize::resize;

/// Square images as a model sees them, plane by plane, with their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageBatch {
    pub(super) pixels: Vec<f32>,
    /// Rows and columns of an image.
    pub(super) side: usize,
    pub(super) labels: Vec<u8>,
    /// If samples are mixtures of two.
    mixed: Option<Mixture>,
}

/// The other sample in each image.
#[derive(Debug, Clone, PartialEq)]
struct Mixture {
    /// Share of the image's own sample; the partner has the rest.
    share: f64,
    /// Labels of the partners.
    labels: Vec<u8>,
}

impl ImageBatch {
    /// No images of that side yet.
    pub(super) fn empty(side: usize) -> Self {
        Self { pixels: Vec::new(), side, labels: Vec::new(), mixed: None }
    }

    /// Averages every image down to a smaller side.
    pub(super) fn resized(mut self, side: usize) -> Self {
        if side != self.side {
            self.pixels = resize(&self.pixels, self.side, side);
            self.side = side;
        }
        self
    }

    /// MixUp (arXiv:1710.09412): every image becomes `share` times itself plus the rest of another one of the batch. One share
    /// from `Beta(alpha, alpha)` serves the batch, and the partners are the batch in another order, as in the authors' code.
    pub(super) fn mixed(mut self, alpha: f64, indices: &[usize], seed: u64, epoch: u64) -> Self {
        let (true, Some(&first)) = (alpha > 0.0, indices.first()) else { return self };
        let mut random = stream_of(seed, Purpose::Mixing, epoch, first);
        let share = symmetric_beta(&mut random, alpha);
        let mut partners: Vec<usize> = (0..self.labels.len()).collect();
        shuffle(&mut partners, &mut random);
        let size = self.pixels.len() / self.labels.len();
        let unmixed = self.pixels.clone();
        let (own, other) = (share as f32, (1.0 - share) as f32);
        for (image, &partner) in self.pixels.chunks_exact_mut(size).zip(&partners) {
            for (pixel, partner) in image.iter_mut().zip(&unmixed[partner * size..]) {
                *pixel = own * *pixel + other * partner;
            }
        }
        let labels = partners.into_iter().map(|partner| self.labels[partner]).collect();
        self.mixed = Some(Mixture { share, labels });
        self
    }

    /// The mean cross-entropy; of mixtures that for either label, weighted by its share.
    pub(super) fn loss(&self, logits: Tensor<2>, smoothing: f64, device: &Device) -> Tensor<1> {
        let loss = |logits, labels| cross_entropy(logits, targets(labels, device), smoothing);
        match &self.mixed {
            None => loss(logits, &self.labels),
            Some(Mixture { share, labels }) => {
                loss(logits.clone(), &self.labels).mul_scalar(*share) + loss(logits, labels).mul_scalar(1.0 - share)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;

    const INDICES: [usize; 12] = [40, 2, 7, 11, 3, 5, 90, 91, 92, 93, 94, 95];

    /// Images of four equal pixels, each the number of its place.
    fn batch() -> ImageBatch {
        let places = 0..INDICES.len() as u8;
        ImageBatch {
            pixels: places.clone().flat_map(|place| [f32::from(place); 4]).collect(),
            side: 2,
            labels: places.map(|place| place % 10).collect(),
            mixed: None,
        }
    }

    #[test]
    fn mixing_is_a_function_of_seed_epoch_and_the_batch() {
        let mixed = |seed, epoch| batch().mixed(1.0, &INDICES, seed, epoch);
        assert_eq!(mixed(1, 2), mixed(1, 2));
        assert_ne!(mixed(1, 2), mixed(1, 3));
        assert_ne!(mixed(1, 2), mixed(2, 2));
        assert_ne!(mixed(1, 2), batch().mixed(1.0, &INDICES[1..], 1, 2));
        assert_eq!(batch().mixed(0.0, &INDICES, 1, 2), batch(), "an alpha of 0 mixes nothing");
        assert_eq!(ImageBatch::empty(2).mixed(1.0, &[], 1, 2), ImageBatch::empty(2));
    }

    #[test]
    fn an_image_is_its_share_of_itself_and_the_rest_of_its_partner() {
        let mixed = batch().mixed(1.0, &INDICES, 3, 0);
        let Mixture { share, labels } = mixed.mixed.clone().unwrap();
        assert!((0.0..=1.0).contains(&share));
        let mut partners = Vec::new();
        for (place, image) in mixed.pixels.chunks_exact(4).enumerate() {
            assert!(image.iter().all(|&pixel| pixel == image[0]));
            let partner = ((f64::from(image[0]) - share * place as f64) / (1.0 - share)).round() as u8;
            let expected = share * place as f64 + (1.0 - share) * f64::from(partner);
            assert!((f64::from(image[0]) - expected).abs() < 1e-5, "{place} with {partner}");
            assert_eq!(labels[place], partner % 10);
            partners.push(partner);
        }
        partners.sort_unstable();
        assert!(partners.into_iter().eq(0..12), "every image is a partner once");
    }

    #[test]
    fn the_loss_is_that_of_the_mixed_targets() {
        let device = Device::flex();
        let mixed = batch().mixed(1.0, &INDICES, 3, 0);
        let numbers: Vec<f32> = (0..120).map(|place| (place * 29 % 17) as f32 / 5.0 - 1.5).collect();
        let logits = Tensor::<2>::from_data(TensorData::new(numbers.clone(), [12, 10]), &device);
        let loss = mixed.loss(logits, 0.1, &device).into_scalar::<f32>();
        let Mixture { share, labels } = mixed.mixed.unwrap();
        // Cross-entropy against one target distribution a sample: both labels and a tenth spread evenly.
        let mut expected = 0.0;
        for (place, row) in numbers.chunks_exact(10).enumerate() {
            let partition = row.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln();
            for (class, &logit) in row.iter().enumerate() {
                let on = |label: u8, weight: f64| if usize::from(label) == class { weight } else { 0.0 };
                let target = 0.9 * (on(mixed.labels[place], share) + on(labels[place], 1.0 - share)) + 0.01;
                expected += target * (partition - f64::from(logit));
            }
        }
        assert!((f64::from(loss) - expected / 12.0).abs() < 1e-5, "{loss} for {}", expected / 12.0);
    }
}
