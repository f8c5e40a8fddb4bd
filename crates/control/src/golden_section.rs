/// The largest value of a curve with one hump between `low` and `high`, by golden section, until they lie closer than
/// `narrow` or `most` sections are made. `look` gives the place's value and whatever belongs to it.
pub(crate) fn golden_section<T>(
    [mut low, mut high]: [f64; 2],
    narrow: f64,
    most: usize,
    look: impl Fn(f64) -> (f64, T),
) -> (f64, T) {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let mut left_place = high - golden * (high - low);
    let mut right_place = low + golden * (high - low);
    let (mut left, mut right) = (look(left_place), look(right_place));
    for _ in 0..most {
        if left.0 > right.0 {
            high = right_place;
            (right_place, right) = (left_place, left);
            left_place = high - golden * (high - low);
            left = look(left_place);
        } else {
            low = left_place;
            (left_place, left) = (right_place, right);
            right_place = low + golden * (high - low);
            right = look(right_place);
        }
        if high - low < narrow {
            break;
        }
    }
    if left.0 > right.0 { left } else { right }
}
