//! Numbers that are none, infinite ones, nothing at all, and one of everything.

use burn::nn::BatchNormConfig;
use burn::tensor::{DType, Device, Int, Tensor};

use crate::agreement::{Draw, Path, View, agree, agree_beyond_numbers, nothing_comes_of_nothing, numbers, spoilt};
use crate::batch_norm::Use;
use crate::{
    attention, batch_norm, blur, convolution, cross_entropy, dropout, embedding, gelu, layer_norm, linear, pooling,
};

#[test]
fn gelu_passes_them_on() {
    for form in [gelu::unit::<2>, gelu::tanh_unit::<2>] {
        agree_beyond_numbers(|draw| {
            let input = draw.leaf(spoilt(&[9, 25]));
            form(draw.path, input)
        });
    }
}

#[test]
fn layer_norm_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let input = draw.leaf::<2>(spoilt(&[9, 21]));
        layer_norm::normalised(draw, input)
    });
}

#[test]
fn batch_norm_passes_them_on() {
    for what in [Use::Alone, Use::Rectified, Use::Added] {
        for frozen in [false, true] {
            agree_beyond_numbers(|draw| {
                let input = draw.leaf::<2>(spoilt(&[9, 21]));
                // Spoilt elsewhere than the input is.
                let shortcut = draw.leaf::<2>(spoilt(&[9, 21])).flip([0, 1]);
                batch_norm::normalised(draw, what, input, shortcut, frozen)
            });
        }
    }
}

#[test]
fn a_linear_layer_passes_them_on() {
    for of_weight in [false, true] {
        agree_beyond_numbers(|draw| {
            let weight = if of_weight { draw.leaf(spoilt(&[7, 13])) } else { draw.tensor([7, 13], View::Plain) };
            let input = if of_weight { draw.tensor([9, 7], View::Plain) } else { draw.leaf(spoilt(&[9, 7])) };
            let bias = draw.tensor([13], View::Plain);
            linear::layer::<2>(draw.path, input, weight, Some(bias))
        });
    }
}

/// A joint tensor `[2, 5, 12]` for two heads, where one number of the second head is bad.
fn spoilt_joint(draw: &mut Draw, bad: f32, part: usize, token: usize) -> Tensor<3> {
    let joint = draw.tensor([2, 5, 12], View::Plain);
    let bad = Tensor::<3>::full([1, 1, 1], bad, (&joint.device(), joint.dtype()));
    let at = 4 * part + 2;
    joint.slice_assign([0..1, token..token + 1, at..at + 1], bad)
}

#[test]
fn attention_passes_them_on() {
    let _turn = crate::alone();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for (part, token) in (0..3).flat_map(|part| [(part, 1), (part, 4)]) {
            for (causal, probability) in [(false, 0.0), (false, 0.3), (true, 0.0), (true, 0.3)] {
                // Of later values, the next test.
                if !causal || part < 2 {
                    agree_beyond_numbers(|draw| {
                        let joint = spoilt_joint(draw, bad, part, token);
                        attention::attention(draw.path, joint, 2, causal, probability)
                    });
                }
            }
        }
    }
}

#[test]
fn causal_attention_passes_later_values_on_to_results_and_not_to_gradients() {
    let mut draw = Draw::new(Path::Kernel, DType::F32, 1);
    let joint = spoilt_joint(&mut draw, f32::NAN, 2, 3);
    let data = draw.finish(rheostat_kernels::attention(joint, 2, true, 0.0));
    let [results, gradients] = [&data[0], &data[1]].map(numbers);
    for (token, (result, gradient)) in results.chunks(4).zip(gradients.chunks(12)).take(5).enumerate() {
        assert_eq!([0, 1, 2, 3].map(|at| result[at].is_nan()), [false, false, true, false], "{token}");
        // Of the query's head that sees it.
        assert_eq!([0, 1, 2, 3].map(|at| gradient[at].is_nan()), [false, false, token >= 3, token >= 3], "{token}");
    }
}

#[test]
fn an_embedding_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let table = draw.leaf(spoilt(&[9, 13]));
        embedding::rows(draw, table, [3, 7])
    });
}

#[test]
fn dropout_passes_them_on() {
    let _turn = crate::alone();
    agree_beyond_numbers(|draw| {
        let input = draw.leaf(spoilt(&[9, 25]));
        dropout::dropped(draw.path, input, 0.4)
    });
}

#[test]
fn a_mean_over_pixels_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let input = draw.leaf(spoilt(&[2, 3, 6, 7]));
        pooling::mean(draw.path, input)
    });
}

#[test]
fn a_shortcut_without_parameters_passes_them_on() {
    for stride in [1, 2] {
        agree_beyond_numbers(|draw| {
            let input = draw.leaf(spoilt(&[2, 3, 6, 7]));
            pooling::thinned(draw.path, input, stride, 2)
        });
    }
}

#[test]
fn a_blur_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let input = draw.leaf(spoilt(&[2, 3, 6, 7]));
        blur::blurred(draw.path, input)
    });
}

#[test]
fn a_convolution_passes_them_on() {
    for (stride, of_weight) in [([1, 1], false), ([2, 2], false), ([1, 1], true), ([2, 2], true)] {
        agree_beyond_numbers(|draw| {
            let (images, weights) = ([2, 3, 6, 7], [5, 3, 3, 3]);
            let input = if of_weight { draw.tensor(images, View::Plain) } else { draw.leaf(spoilt(&images)) };
            let weight = if of_weight { draw.leaf(spoilt(&weights)) } else { draw.tensor(weights, View::Plain) };
            convolution::convolved(draw.path, input, weight, stride, [1, 1])
        });
    }
}

#[test]
fn a_loss_passes_them_on() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for smoothing in [0.0, 0.1] {
            agree_beyond_numbers(|draw| {
                let logits = draw.tensor([4, 7], View::Plain);
                let bad = Tensor::<2>::full([1, 1], bad, (&logits.device(), logits.dtype()));
                let logits = logits.slice_assign([2..3, 3..4], bad);
                cross_entropy::loss(draw, logits, smoothing)
            });
        }
    }
}

#[test]
fn a_loss_of_logits_that_are_no_numbers_is_none() {
    let device = Device::flex();
    let targets = || Tensor::<1, Int>::from_data([1, 0], &device);
    for bad in [f32::NAN, f32::INFINITY] {
        let logits = Tensor::<2>::from_data([[0.0, bad, 1.0], [1.0, 2.0, 3.0]], &device);
        assert!(rheostat_kernels::cross_entropy(logits, targets(), 0.0).into_scalar::<f32>().is_nan(), "{bad}");
    }
    let masked = Tensor::<2>::from_data([[0.0, 1.0, f32::NEG_INFINITY], [1.0, 2.0, f32::NEG_INFINITY]], &device);
    assert!(rheostat_kernels::cross_entropy(masked, targets(), 0.0).into_scalar::<f32>().is_finite());
}

#[test]
fn an_empty_batch_has_an_empty_result_and_no_gradient() {
    let _turn = crate::alone();
    fn rows(draw: &mut Draw, columns: usize) -> Tensor<2> {
        draw.tensor([0, columns], View::Plain)
    }
    fn images(draw: &mut Draw) -> Tensor<4> {
        draw.tensor([0, 3, 5, 4], View::Plain)
    }
    for form in [gelu::unit::<2>, gelu::tanh_unit::<2>] {
        nothing_comes_of_nothing([0, 8], |draw| form(draw.path, rows(draw, 8)));
    }
    nothing_comes_of_nothing([0, 8], |draw| dropout::dropped(draw.path, rows(draw, 8), 0.5));
    nothing_comes_of_nothing([0, 8], |draw| {
        let input = rows(draw, 8);
        layer_norm::normalised(draw, input)
    });
    nothing_comes_of_nothing([0, 3], |draw| {
        let weight = draw.tensor([8, 3], View::Plain);
        let bias = draw.tensor([3], View::Plain);
        linear::layer(draw.path, rows(draw, 8), weight, Some(bias))
    });
    nothing_comes_of_nothing([0, 4, 8], |draw| {
        let joint = draw.tensor([0, 4, 24], View::Plain);
        attention::attention(draw.path, joint, 2, true, 0.1)
    });
    nothing_comes_of_nothing([0, 4, 3], |draw| {
        let table = draw.tensor([8, 3], View::Plain);
        embedding::rows(draw, table, [0, 4])
    });
    nothing_comes_of_nothing([0, 3, 5, 4], |draw| blur::blurred(draw.path, images(draw)));
    nothing_comes_of_nothing([0, 3], |draw| pooling::mean(draw.path, images(draw)));
    nothing_comes_of_nothing([0, 5, 3, 2], |draw| pooling::thinned(draw.path, images(draw), 2, 2));
    nothing_comes_of_nothing([0, 7, 3, 2], |draw| {
        let weight = draw.tensor([7, 3, 3, 3], View::Plain);
        convolution::convolved(draw.path, images(draw), weight, [2, 2], [1, 1])
    });
    for what in [Use::Alone, Use::Rectified, Use::Added] {
        for frozen in [false, true] {
            nothing_comes_of_nothing([0, 3, 5, 4], |draw| {
                let [input, shortcut] = [images(draw), images(draw)];
                batch_norm::normalised(draw, what, input, shortcut, frozen)
            });
        }
    }
}

#[test]
fn an_empty_batch_does_not_move_running_moments() {
    let device = Device::flex().autodiff();
    let layer = BatchNormConfig::new(3).init(&device);
    drop(rheostat_kernels::batch_norm(&layer, Tensor::<4>::zeros([0, 3, 5, 4], &device)));
    let moments = [&layer.running_mean, &layer.running_var].map(|state| numbers(&state.value_sync().into_data()));
    assert_eq!(moments, [vec![0.0; 3], vec![1.0; 3]]);
}

#[test]
fn the_mean_loss_of_no_samples_is_not_a_number() {
    let device = Device::flex().autodiff();
    let logits = Tensor::<2>::zeros([0, 3], &device).require_grad();
    let loss = rheostat_kernels::cross_entropy(logits.clone(), Tensor::zeros([0], &device), 0.1);
    assert!(loss.clone().into_scalar::<f32>().is_nan());
    assert_eq!(logits.grad(&loss.backward()).unwrap().dims(), [0, 3]);
}

#[test]
fn one_of_everything_agrees() {
    let _turn = crate::alone();
    let image = [1, 1, 1, 1];
    for (probability, causal) in [(0.0, true), (0.5, false)] {
        agree(1, |draw| {
            let joint = draw.tensor([1, 1, 3], View::Plain);
            attention::attention(draw.path, joint, 1, causal, probability)
        });
    }
    for smoothing in [0.0, 0.1, 1.0] {
        agree(1, |draw| {
            let logits = draw.tensor([1, 1], View::Plain);
            cross_entropy::loss(draw, logits, smoothing)
        });
    }
    agree(1, |draw| {
        let input = draw.tensor([1, 1], View::Plain);
        layer_norm::normalised(draw, input)
    });
    agree(1, |draw| {
        let [input, weight] = [(); 2].map(|()| draw.tensor([1, 1], View::Plain));
        linear::layer(draw.path, input, weight, None)
    });
    agree(1, |draw| {
        let table = draw.tensor([1, 1], View::Plain);
        embedding::rows(draw, table, [1, 1])
    });
    for (kernel, padding) in [(1, 0), (3, 1)] {
        agree(1, |draw| {
            let [input, weight] = [image, [1, 1, kernel, kernel]].map(|shape| draw.tensor(shape, View::Plain));
            convolution::convolved(draw.path, input, weight, [1, 1], [padding, padding])
        });
    }
    for what in [Use::Alone, Use::Rectified, Use::Added] {
        for frozen in [false, true] {
            agree(1, |draw| {
                let [input, shortcut] = [(); 2].map(|()| draw.tensor(image, View::Plain));
                batch_norm::normalised(draw, what, input, shortcut, frozen)
            });
        }
    }
    for stride in [1, 2] {
        agree(1, |draw| {
            let input = draw.tensor(image, View::Plain);
            pooling::thinned(draw.path, input, stride, 1)
        });
    }
    agree(1, |draw| {
        let input = draw.tensor(image, View::Plain);
        pooling::mean(draw.path, input)
    });
}

#[test]
#[should_panic(expected = "targets are numbers of classes")]
fn a_target_that_is_no_class_is_refused() {
    let device = Device::flex();
    rheostat_kernels::cross_entropy(Tensor::zeros([1, 3], &device), Tensor::from_data([3], &device), 0.0);
}

#[test]
#[should_panic(expected = "a weight of 5 by 5 on images of 2 by 2")]
fn a_weight_larger_than_its_images_is_refused() {
    let device = Device::flex();
    rheostat_kernels::conv2d(
        Tensor::zeros([1, 1, 2, 2], &device),
        Tensor::zeros([1, 1, 5, 5], &device),
        [1, 1],
        [0, 0],
    );
}
