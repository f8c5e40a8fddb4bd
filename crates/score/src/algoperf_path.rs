use serde::{Deserialize, Serialize};

/// What ran an AlgoPerf workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framework {
    /// JAX.
    Jax,
    /// PyTorch.
    Pytorch,
}

/// What the place of a log in an AlgoPerf experiment directory says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlgoperfPath {
    /// The study's number.
    pub study: u64,
    /// Without the framework.
    pub workload: String,
    /// What ran it.
    pub framework: Framework,
    /// The trial's number, from 1.
    pub trial: u64,
}

impl AlgoperfPath {
    /// Of `study_<k>/<workload>_<jax|pytorch>/trial_<i>/eval_measurements.csv`, the path from the experiment's directory with
    /// slashes between its parts; nothing of any other path, such as the trials that lie outside of a workload's directory in the
    /// logs of the first competition, which its scorer passes over too.
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let (study, workload, trial) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next() != Some("eval_measurements.csv") || parts.next().is_some() {
            return None;
        }
        let (workload, framework) = workload.rsplit_once('_').filter(|(workload, _)| !workload.is_empty())?;
        let framework = match framework {
            "jax" => Framework::Jax,
            "pytorch" => Framework::Pytorch,
            _ => return None,
        };
        Some(Self {
            study: number(study, "study_")?,
            workload: workload.to_owned(),
            framework,
            trial: number(trial, "trial_")?,
        })
    }
}

fn number(part: &str, prefix: &str) -> Option<u64> {
    // A sign is no digit, though numbers are read with one.
    part.strip_prefix(prefix).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}
