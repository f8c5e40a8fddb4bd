use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Program and version.
pub(crate) const PROGRAM: &str = concat!("rheostat ", env!("CARGO_PKG_VERSION"));

/// The commit it was built from.
pub(crate) fn commit() -> Option<String> {
    option_env!("RHEOSTAT_COMMIT").map(str::to_owned)
}

/// The processor's name, as the system tells it.
pub(crate) fn processor() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

/// Cores that may be used.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Folder and name of a new run: the folder asked for, else one under `runs` that says what and when.
pub(crate) fn run_folder(out: Option<&Path>, what: &str) -> (PathBuf, String) {
    if let Some(out) = out {
        let name = out.file_name().map_or_else(|| what.to_owned(), |name| name.to_string_lossy().into_owned());
        return (out.to_owned(), name);
    }
    let seconds = i64::try_from(now()).unwrap_or(0);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let stem = format!("{what}-{}", time.strftime("%Y%m%d-%H%M%S"));
    let mut id = stem.clone();
    let mut count = 1;
    while Path::new("runs").join(&id).exists() {
        count += 1;
        id = format!("{stem}-{count}");
    }
    (Path::new("runs").join(&id), id)
}

/// Peak resident memory of this process in bytes, where the system tells it.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
