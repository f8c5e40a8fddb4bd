//! The walls between the rooms: DESIGN.md section 2, as a table that is checked.

use std::collections::BTreeSet;
use std::process::{Command, ExitCode};

use serde_json::Value;

/// Each room with the rooms it may use. `burn` stands for the tensor library.
const MAY_USE: &[(&str, &[&str])] = &[
    ("rheostat-schedule", &[]),
    ("rheostat-control", &["rheostat-schedule"]),
    ("rheostat-record", &["rheostat-schedule", "rheostat-control"]),
    ("rheostat-report", &["rheostat-schedule", "rheostat-control", "rheostat-record", "rheostat-score"]),
    ("rheostat-optim", &["rheostat-schedule", "rheostat-control", "burn"]),
    ("rheostat-score", &["rheostat-record"]),
    ("rheostat-bench", &["rheostat-control", "rheostat-record", "rheostat-schedule", "rheostat-score"]),
    ("rheostat-kernels", &["burn", "burn-std"]),
    ("rheostat-workload", &["rheostat-record", "rheostat-control", "rheostat-kernels", "burn"]),
    (
        "rheostat-train",
        &[
            "rheostat-schedule",
            "rheostat-control",
            "rheostat-record",
            "rheostat-kernels",
            "rheostat-optim",
            "rheostat-workload",
            "burn",
        ],
    ),
    (
        "rheostat",
        &[
            "rheostat-schedule",
            "rheostat-control",
            "rheostat-record",
            "rheostat-report",
            "rheostat-score",
            "rheostat-bench",
            "rheostat-workload",
            "rheostat-train",
        ],
    ),
    ("rheostat-testkit", &["rheostat-schedule", "rheostat-control", "rheostat-record", "rheostat-optim", "burn"]),
    ("xtask", &[]),
];

/// Rooms whose crates carry a `clippy.toml` that forbids clocks, files, environment and threads.
const PURE: &[&str] = &["schedule", "control", "report", "score"];

/// Without these Burn's CPU backend is scalar and runs on one thread.
const BURN_FEATURES: &[&str] = &["flex", "simd", "rayon"];

pub(crate) fn check() -> ExitCode {
    match problems() {
        Ok(problems) if problems.is_empty() => {
            println!("rooms: every wall stands");
            ExitCode::SUCCESS
        }
        Ok(problems) => {
            problems.iter().for_each(|problem| eprintln!("rooms: {problem}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("rooms: {error}");
            ExitCode::FAILURE
        }
    }
}

fn problems() -> Result<Vec<String>, String> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        seen.insert(name);
        let Some((_, allowed)) = MAY_USE.iter().find(|(room, _)| *room == name) else {
            problems.push(format!("{name} is no known room: give it a row in the table"));
            continue;
        };
        problems.extend(of_package(name, package, allowed));
    }
    problems
        .extend(MAY_USE.iter().filter(|(room, _)| !seen.contains(room)).map(|(room, _)| format!("{room} is missing")));
    for room in PURE {
        let path = format!("crates/{room}/clippy.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if !text.contains("std::time::Instant::now") || !text.contains("std::fs::read") {
            problems.push(format!("{path} does not forbid clocks and files"));
        }
    }
    Ok(problems)
}

fn of_package(name: &str, package: &Value, allowed: &[&str]) -> Vec<String> {
    let mut problems = Vec::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let used = dependency["name"].as_str().unwrap_or_default();
        // Tests and build scripts may use anything.
        if dependency["kind"].is_string() {
            continue;
        }
        let ours = used.starts_with("rheostat") || used.starts_with("burn");
        if ours && !allowed.contains(&used) {
            problems.push(format!("{name} may not use {used}"));
        }
        if used == "burn" {
            let features: Vec<_> =
                dependency["features"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let missing = BURN_FEATURES.iter().filter(|feature| !features.contains(feature));
            problems.extend(missing.map(|feature| format!("{name} uses burn without {feature}")));
            if dependency["uses_default_features"] == true {
                problems.push(format!("{name} uses burn with default features"));
            }
        }
    }
    problems
}
