//! *Breakwater*: its pitches, and that it begins in the key in which *Slack Water* ends.

use super::{cents, pitch_near, stem};
use crate::demo::breakwater::electric::line;
use crate::demo::breakwater::score::{STEP, TUNE, at};
use crate::demo::instruments::arithmetic::pitch;
use crate::demo::{BREAKWATER, SLACK};

#[test]
fn bass_and_lead_play_what_is_written() {
    let low = stem(&BREAKWATER, "bass");
    let mut measured = 0;
    // The octave below sounds as well: the period is twice that of the note.
    for note in line().iter().filter(|note| note.frames > 0.8 * STEP && note.note >= 40) {
        let from = (note.from + 0.1 * note.frames) as usize;
        let hz = pitch(f64::from(note.note) - 12.0);
        let off = cents(pitch_near(&low[from..from + (0.85 * note.frames) as usize], hz), hz);
        assert!(off.abs() < 35.0, "bass, frame {from}: {off:.0} cents off");
        measured += 1;
    }
    assert!(measured > 50, "{measured} notes measured");
    let lead = stem(&BREAKWATER, "lead");
    for (bar, step, steps, note) in TUNE.iter().filter(|line| line.2 >= 4) {
        let from = (at(32 + bar, *step as f64) + 0.3 * *steps as f64 * STEP) as usize;
        let hz = pitch(f64::from(*note) - 12.0);
        let off = cents(pitch_near(&lead[from..from + 7200], hz), hz);
        assert!(off.abs() < 25.0, "lead, bar {bar}, step {step}: {off:.0} cents off");
    }
}

/// The segue: the last sound of the one and the first of the other share their fifth, D and A.
#[test]
fn it_begins_in_the_key_in_which_the_waltz_ends() {
    let cello = stem(&SLACK, "cello");
    let end = &cello[cello.len() - 8 * 48_000..cello.len() - 8 * 48_000 + 32_768];
    let pad = &stem(&BREAKWATER, "pad")[3 * 48_000..3 * 48_000 + 32_768];
    for (what, samples) in [("cello", end), ("pad", pad)] {
        let spectrum = super::spectrum(samples);
        let near = |note: f64| {
            let bin = pitch(note) * 32_768.0 / 48_000.0;
            spectrum[(bin * 0.99) as usize..=(bin * 1.01) as usize + 1].iter().fold(0.0_f64, |a, b| a.max(*b))
        };
        // D and A stand 20 dB above what would make a chord of them and is no overtone of theirs.
        let chord = near(62.0).min(near(57.0));
        for other in [60.0, 61.0, 63.0, 65.0] {
            assert!(chord > 10.0 * near(other), "{what}: note {other} is there");
        }
    }
}
