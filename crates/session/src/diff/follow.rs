//! Automation that follows a level, in both songs.

use tonmeister_core::ParamSpec;

use super::words::{LEAST, distance, from_to, quantity};
use super::{About, Both, Pair};
use crate::keys::{ATTACK, CEILING, FLOOR, RELEASE};
use crate::model::{Detector, Follower, KeySource, KeyTap, Song};

impl Pair<'_> {
    /// Compares what a value follows.
    pub(super) fn follows(
        &mut self,
        both: &Both<'_>,
        (a, b): (Option<Follower>, Option<Follower>),
        spec: &ParamSpec,
        (local, what): (&str, &str),
    ) {
        let of = |song: &Song, follow: &Follower| match follow.of.from {
            KeySource::Track(track) => song.tracks[track].id.clone(),
            KeySource::Bus(bus) => song.buses[bus].id.clone(),
        };
        let far = |follow: &Follower| distance(spec, follow.at_floor, follow.at_ceiling) * follow.depth;
        let (weight, how) = match (a, b) {
            (None, None) => return,
            (Some(a), None) => (far(&a), format!("no longer follows {}", of(self.before, &a))),
            (None, Some(b)) => (far(&b), format!("follows {} ({})", of(self.after, &b), told(&b, spec))),
            (Some(a), Some(b)) => {
                let (was, is) = (of(self.before, &a), of(self.after, &b));
                let changes = changes(&a, &b, spec);
                match (was == is, changes.is_empty()) {
                    (true, true) => return,
                    (true, false) => {
                        let ends = distance(spec, a.at_floor, b.at_floor) + distance(spec, a.at_ceiling, b.at_ceiling);
                        (ends.max(LEAST), format!("follows {is} otherwise: {}", changes.join(", ")))
                    }
                    (false, true) => (far(&b), format!("follows {is} (was {was})")),
                    (false, false) => (far(&b), format!("follows {is} (was {was}): {}", changes.join(", "))),
                }
            }
        };
        let sentence = format!("{}: {what} {how}", both.id);
        let weight = weight.max(LEAST) * both.reach;
        self.add(About::Automation, format!("{}/{local}", both.id), weight, sentence);
    }
}

/// How it follows, in a line: "0 → -6 dB between -50 and -10 dB RMS, attack 10 ms, release 200 ms".
fn told(follow: &Follower, spec: &ParamSpec) -> String {
    let heard = match follow.detector {
        Detector::Rms => "RMS",
        Detector::Peak => "peak",
    };
    let tap = match follow.of.tap {
        KeyTap::Pre => "",
        KeyTap::Post => ", behind its fader",
        KeyTap::PreInserts => ", before its inserts",
    };
    let depth = if follow.depth == 1.0 { String::new() } else { format!(", depth {}", follow.depth) };
    format!(
        "{} between {} and {} {heard}{tap}, attack {}, release {}{depth}",
        from_to(spec, follow.at_floor, follow.at_ceiling),
        quantity(&FLOOR, follow.floor_db),
        quantity(&CEILING, follow.ceiling_db),
        quantity(&ATTACK, follow.attack_ms),
        quantity(&RELEASE, follow.release_ms),
    )
}

/// What is otherwise about how it follows.
fn changes(a: &Follower, b: &Follower, spec: &ParamSpec) -> Vec<String> {
    let mut all = Vec::new();
    let numbers = [
        ("at the floor", spec, a.at_floor, b.at_floor),
        ("at the ceiling", spec, a.at_ceiling, b.at_ceiling),
        ("floor", &FLOOR, a.floor_db, b.floor_db),
        ("ceiling", &CEILING, a.ceiling_db, b.ceiling_db),
        ("attack", &ATTACK, a.attack_ms, b.attack_ms),
        ("release", &RELEASE, a.release_ms, b.release_ms),
    ];
    for (what, spec, a, b) in numbers {
        if a != b {
            all.push(format!("{what} {}", from_to(spec, a, b)));
        }
    }
    if a.depth != b.depth {
        all.push(format!("depth {} → {}", a.depth, b.depth));
    }
    if a.detector != b.detector {
        all.push(format!("detector {} → {}", a.detector.word(), b.detector.word()));
    }
    if a.of.tap != b.of.tap {
        all.push(format!("tap {} → {}", a.of.tap.word(), b.of.tap.word()));
    }
    if a.of.muted != b.of.muted {
        all.push(if b.of.muted { "while it is muted too" } else { "no longer while it is muted" }.into());
    }
    all
}
