//! Bowed strings: the bow sticks and slips once a period, so that the string's corner runs round and the bridge feels a
//! saw (Helmholtz, *Die Lehre von den Tonempfindungen*, 1863, Beilage VI). What makes it a player is all around the saw:
//! the body, rosin in the grip, a pitch that is found and then kept alive, bows that change.

use super::arithmetic::{RATE, ease, exp2, follow, pitch, sine};
use super::filter::Svf;
use super::oscillator::{Oscillator, saw};
use super::track::Track;
use crate::chance::Random;

/// Control values move once in so many frames.
const BLOCK: usize = 32;

/// A note under the bow, in frames.
#[derive(Clone, Copy)]
pub(crate) struct Bowed {
    pub(crate) from: f64,
    pub(crate) until: f64,
    pub(crate) note: f64,
    /// 0 to 1: in the middle of the note, and at its end.
    pub(crate) force: f64,
    pub(crate) end_force: f64,
}

/// Who bows, and what.
#[derive(Clone, Copy)]
pub(crate) struct Player {
    /// Seconds until a note has come, and until it has gone.
    pub(crate) rise_s: f64,
    pub(crate) fall_s: f64,
    /// Vibrato of a held note, in cents.
    pub(crate) vibrato_cents: f64,
    pub(crate) vibrato_hz: f64,
    /// Always this much out of tune, as each in a section is.
    pub(crate) detune_cents: f64,
    pub(crate) seed: u64,
}

/// Plays a line of notes that do not overlap; those that touch are one bow, the pitch sliding between them. What is heard is
/// the string alone: its [`Body`](super::string::Body) stands behind all strings of the instrument.
pub(crate) fn bow(track: &mut Track, player: &Player, notes: &[Bowed]) {
    let mut chance = Random::new(player.seed);
    for (i, note) in notes.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| &notes[b]).filter(|b| note.from - b.until < 0.06 * RATE);
        let after = notes.get(i + 1).is_some_and(|a| a.from - note.until < 0.06 * RATE);
        stroke(track, player, note, before, after, &mut chance);
    }
}

fn stroke(track: &mut Track, player: &Player, note: &Bowed, before: Option<&Bowed>, after: bool, chance: &mut Random) {
    let target = note.note + player.detune_cents / 100.0;
    let slides = before.filter(|b| (b.note - note.note).abs() <= 7.5);
    // A note that begins a phrase is found from a little below.
    let mut now = slides.map_or(target - 0.22, |b| b.note + player.detune_cents / 100.0);
    let reach = follow(if slides.is_some() { 0.035 } else { 0.05 } / BLOCK as f64);
    let mut string = Oscillator::new(saw().below(pitch(target.max(now)) * 1.03), chance.unit());
    let mut grip = Svf::new(2600.0, 0.7);
    let mut tone = [Svf::new(1000.0, 0.6), Svf::new(1000.0, 0.5)];
    let (mut drift, mut tremble) = (0.0, 0.0);
    let held = note.until - note.from;
    let rise = if before.is_some() { 0.055 } else { player.rise_s } * RATE;
    let fall = if after { 0.06 } else { player.fall_s } * RATE;
    let (mut hz, mut level, mut slope, mut was) = (0.0, 0.0, 0.0, 0.0);
    let shape = |t: f64| {
        let swell = 0.82 + 0.18 * sine((t / held).min(1.0) * 0.5);
        let force = note.force + (note.end_force - note.force) * ease(t / held * 1.15 - 0.15);
        ease(t / rise) * (1.0 - ease((t - held) / fall)) * swell * force
    };
    track.lay(note.from, (held + fall) / RATE, |i| {
        let t = i as f64;
        if i.is_multiple_of(BLOCK) {
            now += reach * (target - now);
            drift += 0.02 * (3.0 * chance.signed() - drift);
            tremble += 0.06 * (chance.signed() - tremble);
            let vibrato = ease((t / RATE - 0.25) / 0.5) * player.vibrato_cents;
            let sway = vibrato * sine(t * player.vibrato_hz / RATE);
            hz = pitch(now + (sway + 4.0 * drift) / 100.0);
            let next = shape(t + BLOCK as f64);
            was = shape(t);
            level = was;
            slope = (next - was) / BLOCK as f64;
            // More bow, more overtones.
            let open = 2.1 * hz + 500.0 + 2900.0 * was * (1.0 + 0.5 * tremble);
            tone[0].tune(open, 0.62);
            tone[1].tune(open * 1.6, 0.55);
        }
        let sawed = tone[0].step(string.step(hz)).low;
        let sawed = tone[1].step(sawed).low;
        let rosin = grip.step(chance.signed()).band * 0.035 * (0.4 + was);
        level += slope;
        (sawed + rosin) * level * (1.0 + 0.12 * tremble)
    });
}

/// A section: players on one part, each with a bow and an ear of their own; returns what stands left and right.
pub(crate) fn section(tracks: [&mut Track; 2], player: &Player, notes: &[Bowed]) {
    let desks = [(-7.0, 0, -1.0), (5.0, 1, 2.0), (1.5, 0, 5.0), (-3.0, 1, -4.0)];
    let [left, right] = tracks;
    for (seat, (cents, side, late_ms)) in desks.into_iter().enumerate() {
        let one = Player {
            detune_cents: player.detune_cents + cents,
            vibrato_hz: player.vibrato_hz * exp2((seat as f64 - 1.5) * 0.06),
            seed: player.seed + seat as u64,
            ..*player
        };
        let late = (late_ms + 6.0) * 0.001 * RATE;
        let placed: Vec<Bowed> =
            notes.iter().map(|n| Bowed { from: n.from + late, until: n.until + late, ..*n }).collect();
        bow(if side == 0 { left } else { right }, &one, &placed);
    }
}
