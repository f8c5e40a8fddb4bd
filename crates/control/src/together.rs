use crate::bytes::{Reader, Writer, read_state};
use crate::{Action, Asks, ControlError, Controller, Decision, Hyperparameter, Hyperparameters, Observation, Reason};

/// Several controllers as one: each sees everything and decides its own hyperparameters. What a controller makes of the values
/// of the others ([`Controller::follow`]) is asked last, when all have decided. Of their turns the largest is taken.
///
/// When one of them asks the host to go back ([`Action::Restore`]), the others go back with it: they stand where they stood when
/// it asked to [`Action::Save`]. At most one of them may ask for these two.
pub struct Together {
    members: Vec<Member>,
    /// The other members when one asked to save.
    snapshot: Option<Vec<Kept>>,
}

struct Member {
    controller: Box<dyn Controller>,
    /// Its last decision.
    decided: Hyperparameters,
}

/// A member's state and last decision.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    state: Vec<u8>,
    decided: Hyperparameters,
}

const NAME: &str = "controllers together";

impl Together {
    /// These controllers as one. No two may own the same hyperparameter; of two that do, the later wins.
    pub fn new(controllers: impl IntoIterator<Item = Box<dyn Controller>>) -> Self {
        let member = |controller| Member { controller, decided: Hyperparameters::new() };
        Self { members: controllers.into_iter().map(member).collect(), snapshot: None }
    }

    fn decide(&mut self, ask: impl Fn(&mut dyn Controller) -> Decision) -> Decision {
        let mut all = Decision::default();
        let mut reasons = Vec::new();
        let (mut saves, mut restores) = (false, None);
        for (index, member) in self.members.iter_mut().enumerate() {
            let decision = ask(member.controller.as_mut());
            all.turn = all.turn.max(decision.turn());
            let Decision { hyperparameters, actions, reason, .. } = decision;
            member.decided = hyperparameters;
            saves |= actions.contains(&Action::Save);
            if actions.contains(&Action::Restore) {
                restores = Some(index);
            }
            all.actions.extend(actions);
            reasons.extend(reason.map(|Reason(reason)| reason));
        }
        if let (Some(by), Some(kept)) = (restores, &self.snapshot) {
            for (index, (member, kept)) in self.members.iter_mut().zip(kept).enumerate() {
                // A state that the member itself saved loads.
                if index != by && member.controller.load(&kept.state).is_ok() {
                    member.decided = kept.decided;
                }
            }
        }
        if saves {
            self.snapshot = Some(self.members.iter().map(Member::keep).collect());
        }
        for member in &self.members {
            all.hyperparameters = all.hyperparameters.overridden_by(&member.decided);
        }
        let decided = all.hyperparameters;
        for member in &self.members {
            all.hyperparameters = all.hyperparameters.overridden_by(&member.controller.follow(&decided));
        }
        all.reason = (!reasons.is_empty()).then(|| Reason(reasons.join("; ")));
        all
    }
}

impl Member {
    fn keep(&self) -> Kept {
        Kept { state: self.controller.save(), decided: self.decided }
    }
}

impl Controller for Together {
    fn begin(&mut self) -> Decision {
        self.snapshot = None;
        self.decide(|controller| controller.begin())
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        self.decide(|controller| controller.observe(seen))
    }

    fn asks(&self) -> Asks {
        self.members.iter().fold(Asks::default(), |asks, member| asks.or(member.controller.asks()))
    }

    fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u64(self.members.len() as u64);
        self.members.iter().for_each(|member| member.keep().write(&mut writer));
        writer.u64(self.snapshot.is_some().into());
        self.snapshot.iter().flatten().for_each(|kept| kept.write(&mut writer));
        writer.0
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        let (now, snapshot) = read_state(NAME, bytes, |reader| {
            let count = reader.u64()?;
            if count != self.members.len() as u64 {
                return Err(format!("{count} controllers instead of {}", self.members.len()));
            }
            let now = Kept::read_all(count, reader)?;
            let snapshot = reader.flag()?.then(|| Kept::read_all(count, reader)).transpose()?;
            Ok((now, snapshot))
        })?;
        let before: Vec<_> = self.members.iter().map(Member::keep).collect();
        for (member, kept) in self.members.iter_mut().zip(&now) {
            if let Err(error) = member.controller.load(&kept.state) {
                // What was changed already goes back; a state that the member itself saved loads.
                for (member, kept) in self.members.iter_mut().zip(&before) {
                    member.controller.load(&kept.state)?;
                }
                return Err(error);
            }
        }
        for (member, kept) in self.members.iter_mut().zip(&now) {
            member.decided = kept.decided;
        }
        self.snapshot = snapshot;
        Ok(())
    }
}

impl Kept {
    fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.state);
        for which in Hyperparameter::ALL {
            writer.optional_f64(self.decided.get(which));
        }
    }

    fn read_all(count: u64, reader: &mut Reader<'_>) -> Result<Vec<Self>, String> {
        (0..count).map(|_| Self::read(reader)).collect()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let state = reader.bytes()?;
        let mut decided = Hyperparameters::new();
        for which in Hyperparameter::ALL {
            if let Some(value) = reader.optional_f64()? {
                which.check(value).map_err(|error| error.to_string())?;
                decided.set(which, value);
            }
        }
        Ok(Self { state, decided })
    }
}
