//! Developer commands. `cargo xtask rooms` checks who may use whom.

mod rooms;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("rooms") => rooms::check(),
        _ => {
            eprintln!("usage: cargo xtask rooms");
            ExitCode::from(2)
        }
    }
}
