//! Fewer points that draw the same picture.

/// A point in pixels.
pub(crate) type Point = (f64, f64);

/// Cuts a series into unbroken lines, in pixels, and thins each: of the points of one column the lowest and highest remain, so
/// that no spike is lost; then those on a straight line between their neighbours go. Returns also where values were not finite.
pub(crate) fn lines(
    points: &[(f64, f64)],
    column: f64,
    place: impl Fn(f64, f64) -> Option<Point>,
) -> (Vec<Vec<Point>>, Vec<f64>) {
    let (mut lines, mut gaps) = (Vec::new(), Vec::new());
    let mut line: Vec<Point> = Vec::new();
    let mut finish = |line: &mut Vec<Point>| {
        if !line.is_empty() {
            lines.push(straightened(&extremes(line, column)));
            line.clear();
        }
    };
    for (x, y) in points {
        match place(*x, *y) {
            Some(point) => {
                if line.last().is_some_and(|last| point.0 < last.0) {
                    finish(&mut line);
                }
                line.push(point);
            }
            None => {
                finish(&mut line);
                gaps.push(*x);
            }
        }
    }
    finish(&mut line);
    (lines, gaps)
}

/// The first, the last and of every column the lowest and the highest point, in their order.
fn extremes(line: &[Point], column: f64) -> Vec<Point> {
    let (Some(first), Some(last)) = (line.first(), line.last()) else { return Vec::new() };
    if column <= 0.0 || line.len() as f64 <= (last.0 - first.0) / column * 2.0 {
        return line.to_vec();
    }
    let mut kept = vec![*first];
    let mut begin = 0;
    while begin < line.len() {
        let number = (line[begin].0 / column).floor();
        let length = line[begin..].iter().take_while(|point| (point.0 / column).floor() == number).count().max(1);
        let (mut low, mut high) = (begin, begin);
        for index in begin..begin + length {
            if line[index].1 < line[low].1 {
                low = index;
            }
            if line[index].1 > line[high].1 {
                high = index;
            }
        }
        for index in [low.min(high), low.max(high)] {
            if kept.last() != Some(&line[index]) {
                kept.push(line[index]);
            }
        }
        begin += length;
    }
    if kept.last() != Some(last) {
        kept.push(*last);
    }
    kept
}

/// Leaves out points that lie within a twentieth of a pixel of the line through those that stay.
fn straightened(line: &[Point]) -> Vec<Point> {
    const NEAR: f64 = 0.05;
    let Some((first, rest)) = line.split_first() else { return Vec::new() };
    let mut kept = vec![*first];
    let mut anchor = *first;
    let mut candidate: Option<Point> = None;
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    for point in rest {
        let mut across = point.0 - anchor.0;
        let mut slope = (point.1 - anchor.1) / across;
        let fits = across > 0.0 && (low..=high).contains(&slope);
        if !fits {
            if let Some(passed) = candidate {
                kept.push(passed);
                anchor = passed;
            }
            (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
            across = point.0 - anchor.0;
            slope = (point.1 - anchor.1) / across;
        }
        if across > 0.0 {
            low = low.max(slope - NEAR / across);
            high = high.min(slope + NEAR / across);
        } else if *point == anchor {
            candidate = None;
            continue;
        } else {
            kept.push(*point);
            anchor = *point;
            candidate = None;
            continue;
        }
        candidate = Some(*point);
    }
    kept.extend(candidate);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn straight(x: f64, y: f64) -> Option<Point> {
        y.is_finite().then_some((x, y))
    }

    #[test]
    fn a_spike_among_a_hundred_thousand_points_survives() {
        let mut points: Vec<(f64, f64)> =
            (0..100_000).map(|step| (f64::from(step) / 150.0, (f64::from(step) * 0.7).sin())).collect();
        points[54_321].1 = 999.0;
        let (lines, _) = lines(&points, 1.0, straight);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() < 1400, "{}", lines[0].len());
        assert!(lines[0].iter().any(|point| point.1 == 999.0));
    }

    #[test]
    fn a_straight_line_needs_two_points_and_a_kink_one_more() {
        let points: Vec<(f64, f64)> = (0..=1000).map(|step| (f64::from(step), f64::from(step.min(300)))).collect();
        let (lines, _) = lines(&points, 1.0, straight);
        assert_eq!(lines, [vec![(0.0, 0.0), (300.0, 300.0), (1000.0, 300.0)]]);
    }

    #[test]
    fn a_jump_keeps_both_its_ends() {
        let points = [(0.0, 0.0), (5.0, 0.0), (5.0, 1.0), (9.0, 1.0)];
        assert_eq!(lines(&points, 1.0, straight).0, [points.to_vec()]);
    }

    #[test]
    fn a_line_breaks_at_a_gap_and_where_time_goes_back() {
        let points = [(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, 5.0), (2.0, 1.0), (3.0, 9.0)];
        let (lines, gaps) = lines(&points, 0.5, straight);
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
        assert_eq!(gaps, [2.0]);
    }
}
