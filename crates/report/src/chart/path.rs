use super::thin::Point;
use crate::number::push_hundredths;

/// A line as SVG path data: the first point, then the way from each to the next, which takes the fewest characters.
pub(crate) fn push_line(data: &mut String, line: &[Point]) {
    let mut last: Option<(i64, i64)> = None;
    for point in line {
        let (x, y) = rounded(*point);
        match last {
            None => push_pair(data, 'M', x, y),
            Some((last_x, last_y)) => push_pair(data, 'l', x - last_x, y - last_y),
        }
        last = Some((x, y));
    }
    // A line of one point shows as a dot, since its ends are round.
    if line.len() == 1 {
        data.push_str("l0 0");
    }
}

/// A closed area as SVG path data.
pub(crate) fn push_area(data: &mut String, outline: &[Point]) {
    push_line(data, outline);
    data.push('z');
}

fn push_pair(data: &mut String, command: char, x: i64, y: i64) {
    data.push(command);
    push_hundredths(data, x);
    if y >= 0 {
        data.push(' ');
    }
    push_hundredths(data, y);
}

/// Hundredths of a pixel; across, tenths are enough.
fn rounded(point: Point) -> (i64, i64) {
    ((point.0 * 10.0).round() as i64 * 10, (point.1 * 100.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_rounding_do_not_add_up() {
        let line: Vec<Point> = (0..1000).map(|step| (f64::from(step), f64::from(step) * 0.004)).collect();
        let mut data = String::new();
        push_line(&mut data, &line);
        let steps = data[1..].split('l').skip(1);
        let sum: f64 = steps.map(|step| step.split_once(' ').unwrap().1.parse::<f64>().unwrap()).sum();
        assert!((sum - 3.996).abs() < 0.01, "{sum}");
    }

    #[test]
    fn a_single_point_is_drawn() {
        let mut data = String::new();
        push_line(&mut data, &[(1.0, 2.5)]);
        assert_eq!(data, "M1 2.5l0 0");
    }
}
