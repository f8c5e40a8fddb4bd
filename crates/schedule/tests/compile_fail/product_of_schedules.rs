use rheostat_schedule::Schedule;

fn main() {
    let rate = Schedule::constant(1e-3).unwrap();
    let other = Schedule::constant(1e-3).unwrap();
    let _ = rate * other;
}
