//! A command on its way: which slot it goes to, and what is sent in its place where a script is not known.

use redis::{Arg, Cmd, Script};

use crate::store::redis::plan::Plan;

/// How many slots a cluster shares out.
pub(super) const SLOTS: u16 = 16_384;

/// The script, for new comments and for everything else: `allow-oom` lets a script begin while the memory is full.
const COMMIT: &str = concat!("#!lua\n", include_str!("../commit.lua"));
const COMMIT_WITHOUT_ROOM: &str = concat!("#!lua flags=allow-oom\n", include_str!("../commit.lua"));

/// A command, with what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    command: Cmd,
    /// The same with the script's whole text.
    whole: Option<Cmd>,
    pub(super) slot: u16,
    /// What in the key's name says which slot it is in.
    tag: String,
    /// Whether it may run twice.
    pub(super) repeatable: bool,
    /// Whether it asks for memory that may be wanting.
    pub(super) needs_room: bool,
}

/// The texts of the scripts, with their hashes.
#[derive(Debug)]
pub(super) struct Scripts {
    commit: Script,
    commit_without_room: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self { commit: Script::new(COMMIT), commit_without_room: Script::new(COMMIT_WITHOUT_ROOM) }
    }
}

impl Request {
    /// A command of which nothing is known but its arguments; whether it may run twice.
    pub(super) fn of(command: Cmd, repeatable: bool) -> Self {
        let tag = tag_of(&routed_by(&command)).to_vec();
        let (slot, tag) = (slot_of(&tag), String::from_utf8_lossy(&tag).into_owned());
        Self { command, whole: None, slot, tag, repeatable, needs_room: false }
    }

    /// The run of a plan. It may run twice: the plan's stamp tells.
    pub(super) fn commit(scripts: &Scripts, plan: &Plan, tag: &str) -> Self {
        let (script, text) = match plan.needs_room {
            true => (&scripts.commit, COMMIT),
            false => (&scripts.commit_without_room, COMMIT_WITHOUT_ROOM),
        };
        let arguments = plan.arguments(tag);
        let run = |verb: &str, script: &str| {
            let mut command = redis::cmd(verb);
            command.arg(script).arg(1).arg(plan.prefix.as_str());
            arguments.iter().for_each(|argument| {
                command.arg(argument.as_slice());
            });
            command
        };
        let whole = Some(run("EVAL", text));
        Self { whole, needs_room: plan.needs_room, ..Self::of(run("EVALSHA", script.get_hash()), true) }
    }

    /// What is sent: the script's hash, or once that was not known its whole text.
    pub(super) fn command(&self, whole: Whole) -> &Cmd {
        match (&self.whole, whole) {
            (Some(command), Whole::Sent) => command,
            _ => &self.command,
        }
    }

    /// Whether it is a script, which reads and writes more keys than it names.
    pub(super) fn is_script(&self) -> bool {
        self.whole.is_some()
    }

    /// A key of the same slot that means nothing: what is written there makes a later `WAIT` speak for all that was there
    /// before.
    pub(super) fn marker(&self, names: &str) -> String {
        format!("{names}:{{{}}}:w", self.tag)
    }
}

/// Whether scripts are sent whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// By their hashes.
    Named,
    /// By their texts.
    Sent,
}

/// The argument by which a command is routed: the first key, or of SCAN, which has none, its pattern.
fn routed_by(command: &Cmd) -> Vec<u8> {
    let argument = |place: usize| match command.args_iter().nth(place) {
        Some(Arg::Simple(bytes)) => bytes.to_vec(),
        _ => Vec::new(),
    };
    match argument(0).as_slice() {
        b"EVAL" | b"EVALSHA" => argument(3),
        b"SCAN" => {
            let words = (0..command.args_iter().len()).map(argument);
            words.skip_while(|word| !word.eq_ignore_ascii_case(b"MATCH")).nth(1).unwrap_or_default()
        }
        _ => argument(1),
    }
}

/// What of a key says its slot: what is between the first `{` and the next `}`, unless that is nothing.
fn tag_of(key: &[u8]) -> &[u8] {
    let inner = key.iter().position(|byte| *byte == b'{').map(|open| &key[open + 1..]);
    let inner = inner.and_then(|rest| rest.iter().position(|byte| *byte == b'}').map(|close| &rest[..close]));
    inner.filter(|inner| !inner.is_empty()).unwrap_or(key)
}

/// CRC-16 (XMODEM) of the tag, as the specification of Redis Cluster has it.
fn slot_of(tag: &[u8]) -> u16 {
    let crc = tag.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x1021,
        })
    });
    crc % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot_of(b"123456789"), 0x31C3);
        for key in ["{user1000}.following", "x{user1000}y{z}", "{user1000}"] {
            assert_eq!(tag_of(key.as_bytes()), b"user1000", "{key}");
        }
        for key in ["foo{}{bar}", "foo", "{foo"] {
            assert_eq!(tag_of(key.as_bytes()), key.as_bytes());
        }
    }

    #[test]
    fn a_command_is_routed_by_its_first_key() {
        let of = |command: &mut Cmd| Request::of(command.clone(), true);
        let get = of(redis::cmd("GET").arg("mod:{blog}:head"));
        let eval = of(redis::cmd("EVALSHA").arg("hash").arg(1).arg("mod:{blog}:"));
        let scan = of(redis::cmd("SCAN").arg(0).arg("MATCH").arg("mod:{blog}:c:*"));
        assert_eq!([get.slot, eval.slot], [scan.slot; 2]);
        assert_eq!(get.marker("mod"), "mod:{blog}:w");
        let list = of(redis::cmd("HVALS").arg("mod:sites"));
        assert_eq!(of(redis::cmd("SET").arg(list.marker("mod"))).slot, list.slot);
    }
}
