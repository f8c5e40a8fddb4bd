use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::exit;

/// Becomes true at Ctrl-C, for whoever works to stop after the current `unit` of work; a second Ctrl-C ends the program at once.
pub(crate) fn stop(unit: &'static str) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    let handler = move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
        eprintln!("\nstopping after this {unit}; once more to stop at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will not save: {error}");
    }
    stop
}

/// Makes it true as well when standard input ends: whoever started this program is gone, or lets it go.
pub(crate) fn when_input_ends(stop: &Arc<AtomicBool>) {
    let stop = stop.clone();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut bytes = [0; 256];
        while input.read(&mut bytes).is_ok_and(|read| read > 0) {}
        stop.store(true, Ordering::Relaxed);
    });
}
