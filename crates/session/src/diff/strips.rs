//! A strip in both songs: its values, its sends, where it leads.

use std::collections::HashMap;

use super::words::{LEAST, beside, distance, from_to, name, pan, plain, quantity, signed};
use super::{About, Both, Difference, Pair};
use crate::edit::Plain;
use crate::model::{Destination, Send, Song, StripAt, Target};
use crate::tables::{ON_VCA, SEND, SILENCE_DB, STRIP, place};

impl Pair<'_> {
    pub(super) fn strip(&mut self, both: Both<'_>) {
        let (a, b) = (self.before.strip(both.before), self.after.strip(both.after));
        let of_mute = a.get("mute") != b.get("mute") || (a.is("mute") && b.is("mute"));
        for (at, spec) in STRIP.iter().enumerate() {
            let target = Target::Strip(at);
            if matches!(both.after, StripAt::Vca(_)) && !ON_VCA.contains(&spec.id) {
                continue;
            }
            // A muted version sets the points of its mutes: that is the mute, not a change of its own.
            let point = spec.id.starts_with("mute_");
            if point && of_mute {
                continue;
            }
            if !self.moves(&both, (target, target), spec.id, &name(spec)) && a.values[at] != b.values[at] {
                self.value(&both, at);
            }
        }
        if a.output != b.output {
            let (was, is) = (leads(self.before, a.output.as_ref()), leads(self.after, b.output.as_ref()));
            if was != is {
                let sentence = format!("{} goes to {is} (was {was})", both.id);
                let found = self.add(About::Routing, format!("{}/output", both.id), 3.0 * both.reach, sentence);
                (found.before, found.after) = (Some(Plain::Text(was.into())), Some(Plain::Text(is.into())));
            }
        }
        self.inserts(&both);
        self.sends(&both);
        if let (StripAt::Track(before), StripAt::Track(after)) = (both.before, both.after) {
            self.track(&both, before, after);
        }
    }

    /// A value of the strip's own.
    fn value(&mut self, both: &Both<'_>, at: usize) {
        let spec = &STRIP[at];
        let (id, reach) = (both.id, both.reach);
        let (a, b) = (self.before.strip(both.before).values[at], self.after.strip(both.after).values[at]);
        let (weight, sentence) = match spec.id {
            "fader_db" if a > SILENCE_DB && b > SILENCE_DB => {
                (distance(spec, a, b), format!("{id} {} dB", signed(b - a)))
            }
            "fader_db" => (distance(spec, a, b), format!("{id}: fader {}", from_to(spec, a, b))),
            "mute" => (60.0, format!("{id} {}", if b == 1.0 { "muted" } else { "unmuted" })),
            "solo" => (60.0, format!("{id} {}", if b == 1.0 { "soloed" } else { "no longer soloed" })),
            "solo_safe" => (0.0, format!("{id} {}solo safe", if b == 1.0 { "" } else { "no longer " })),
            "pan" => ((a - b).abs() * 6.0, format!("{id} panned from {} to {}", pan(a), pan(b))),
            "polarity" => (6.0, format!("{id}: polarity {}", if b == 1.0 { "inverted" } else { "back to normal" })),
            "pan_left" | "pan_right" => {
                let side = if spec.id == "pan_left" { "left" } else { "right" };
                ((a - b).abs() * 6.0, format!("{id}: its {side} panned from {} to {}", pan(a), pan(b)))
            }
            "delay_samples" => (3.0, format!("{id}: delay {}", from_to(spec, a, b))),
            "mute_main" | "mute_post" | "mute_pre" => (0.0, format!("{id}: {} {}", name(spec), from_to(spec, a, b))),
            _ => (distance(spec, a, b).max(LEAST), format!("{id}: {} {}", name(spec), from_to(spec, a, b))),
        };
        // Where it becomes silent or loud, that is heard though it is silent in one of the two.
        let found = self.add(About::Value, format!("{id}/{}", spec.id), weight * reach, sentence);
        (found.before, found.after) = (Some(plain(spec, a)), Some(plain(spec, b)));
    }

    fn sends(&mut self, both: &Both<'_>) {
        let named = |song: &Song, send: &Send| song.buses[send.to].id.clone();
        let (a, b) = (&self.before.strip(both.before).sends, &self.after.strip(both.after).sends);
        let before: HashMap<String, usize> =
            a.iter().enumerate().map(|(at, send)| (named(self.before, send), at)).collect();
        let after: HashMap<String, usize> =
            b.iter().enumerate().map(|(at, send)| (named(self.after, send), at)).collect();
        let level = &SEND[place(SEND, "level_db")];
        let loud = |send: &Send| if send.get("mute") == 1.0 { 0.0 } else { beside(send.get("level_db")) };
        let mut gone = Vec::new();
        for send in a {
            let bus = named(self.before, send);
            if !after.contains_key(&bus) {
                let sentence =
                    format!("{}: send to {bus} taken out (was {})", both.id, quantity(level, send.get("level_db")));
                gone.push((bus, loud(send), sentence));
            }
        }
        for send in b {
            let bus = named(self.after, send);
            if !before.contains_key(&bus) {
                let pre = if send.tap == crate::model::Tap::Pre { ", before the fader" } else { "" };
                let sentence =
                    format!("{}: send to {bus} added at {}{pre}", both.id, quantity(level, send.get("level_db")));
                gone.push((bus, loud(send), sentence));
            }
        }
        for (bus, loud, sentence) in gone {
            self.add(About::Send, format!("{}/send/{bus}", both.id), loud * both.reach, sentence);
        }
        let shared: Vec<(String, usize, usize)> = b
            .iter()
            .enumerate()
            .filter_map(|(at, send)| {
                let bus = named(self.after, send);
                let was = *before.get(&bus)?;
                Some((bus, was, at))
            })
            .collect();
        for (bus, was, is) in shared {
            self.send(both, &bus, (was, is));
        }
    }

    fn send(&mut self, both: &Both<'_>, bus: &str, (was, is): (usize, usize)) {
        let (a, b) = (&self.before.strip(both.before).sends[was], &self.after.strip(both.after).sends[is]);
        let (id, reach) = (both.id, both.reach);
        let heard = beside(a.get("level_db")).max(beside(b.get("level_db")));
        if a.tap != b.tap {
            let side = if b.tap == crate::model::Tap::Pre { "before" } else { "behind" };
            let sentence = format!("{id}: send to {bus} now {side} the fader");
            let found = self.add(About::Send, format!("{id}/send/{bus}/tap"), heard * reach, sentence);
            (found.before, found.after) =
                (Some(Plain::Text(a.tap.word().into())), Some(Plain::Text(b.tap.word().into())));
        }
        for (param, spec) in SEND.iter().enumerate() {
            let targets = (Target::Send { send: was, param }, Target::Send { send: is, param });
            let local = format!("send/{bus}/{}", spec.id);
            let (x, y) = (a.values[param], b.values[param]);
            if self.moves(both, targets, &local, &format!("send to {bus}, {}", name(spec))) || x == y {
                continue;
            }
            let (weight, sentence) = match spec.id {
                "level_db" => ((beside(x) - beside(y)).abs(), format!("{id}: send to {bus} {}", from_to(spec, x, y))),
                "mute" => (heard, format!("{id}: send to {bus} {}", if y == 1.0 { "muted" } else { "unmuted" })),
                _ => ((x - y).abs() * heard, format!("{id}: send to {bus} panned from {} to {}", pan(x), pan(y))),
            };
            let found = self.add(About::Value, format!("{id}/{local}"), weight * reach, sentence);
            (found.before, found.after) = (Some(plain(spec, x)), Some(plain(spec, y)));
        }
    }

    fn track(&mut self, both: &Both<'_>, before: usize, after: usize) {
        let (a, b) = (&self.before.tracks[before], &self.after.tracks[after]);
        if a.role != b.role {
            let role = |role: &Option<String>| role.clone().unwrap_or("not stated".into());
            let sentence = format!("{}: role {} (was {})", both.id, role(&b.role), role(&a.role));
            let (was, is) = (a.role.clone(), b.role.clone());
            let found: &mut Difference = self.add(About::Value, format!("{}/role", both.id), 0.0, sentence);
            (found.before, found.after) = (was.map(Plain::Text), is.map(Plain::Text));
        }
        if a.check != b.check {
            let sentence = format!("{}: what `check` makes of it is set otherwise", both.id);
            self.add(About::Value, format!("{}/check", both.id), 0.0, sentence);
        }
        self.clips(both, before, after);
    }
}

/// Where a strip leads, by name.
fn leads<'s>(song: &'s Song, output: Option<&Destination>) -> &'s str {
    match output {
        Some(Destination::Bus(bus)) => &song.buses[*bus].id,
        _ => "master",
    }
}
