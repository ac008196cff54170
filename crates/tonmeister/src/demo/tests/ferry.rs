//! *Last Light Ferry*: its pitches, its vowels, its end, and that nothing folds back.

use super::{cents, pitch_near, spectrum, stem};
use crate::demo::FERRY;
use crate::demo::ferry::lyrics::VOCAL;
use crate::demo::ferry::score::{FRAMES, LAST, STEP};
use crate::demo::ferry::singers::{LEAD, part};
use crate::demo::ferry::{bass, synth};
use crate::demo::instruments::arithmetic::{RATE, pitch};
use crate::demo::instruments::oscillator::{Oscillator, saw, square};
use crate::demo::instruments::tine;
use crate::demo::instruments::track::Track;
use crate::demo::instruments::voice::{Singer, Sung, sing_into};

/// The strongest part of a spectrum that is no harmonic of `hz`, against the strongest part of all, in dB.
fn folded_db(samples: &[f32], hz: f64) -> f64 {
    let spectrum = spectrum(samples);
    let bin = RATE / samples.len() as f64;
    let (mut all, mut folded) = (0.0_f64, 0.0_f64);
    for (k, value) in spectrum.iter().enumerate() {
        let harmonics = k as f64 * bin / hz;
        let away_bins = (harmonics - harmonics.round()).abs() * hz / bin;
        all = all.max(*value);
        if away_bins > 8.0 {
            folded = folded.max(*value);
        }
    }
    20.0 * (folded / all).log10()
}

#[test]
fn high_notes_do_not_fold_back() {
    // C8, where a saw without care folds at −20 dB, and notes between the versions of the table.
    for hz in [311.7, 1174.7, 2637.3, 4186.01] {
        for wave in [saw(), square()] {
            let mut oscillator = Oscillator::new(wave.below(hz), 0.0);
            let samples: Vec<f32> = (0..16_384).map(|_| oscillator.step(hz) as f32).collect();
            let folded = folded_db(&samples, hz);
            assert!(folded < -75.0, "{hz} Hz: {folded:.1} dB");
        }
    }
    // The electric piano, an octave above its highest note and as hard as it goes.
    let mut track = Track::new(60_000);
    tine::strike(&mut track, 0.0, 48_000.0, 86.0, 1.0);
    let folded = folded_db(&track.samples[100..16_484], pitch(86.0));
    assert!(folded < -60.0, "electric piano: {folded:.1} dB");
}

#[test]
fn the_voice_sings_the_melody() {
    let voice = stem(&FERRY, "vocal");
    let mut measured = 0;
    for (note, text) in part(VOCAL, &LEAD).iter().zip(VOCAL) {
        let frames = note.until - note.from;
        if frames < 3.5 * STEP {
            continue;
        }
        // The vowel's middle: past the slide into the note, before the consonants after it.
        let from = (note.from + 0.35 * frames) as usize;
        let until = from + (0.35 * frames).min(9600.0) as usize;
        let off = cents(pitch_near(&voice[from..until], pitch(note.note)), pitch(note.note));
        // Vibrato and drift are allowed; a wrong note (100 cents) is not.
        assert!(off.abs() < 45.0, "bar {} \"{}\": {off:.0} cents off", text.0, text.4);
        measured += 1;
    }
    assert!(measured > 50, "{measured} notes measured");
}

#[test]
fn synthesizer_and_bass_play_what_is_written() {
    let lead = stem(&FERRY, "lead");
    for (bar, step, steps, note) in synth::LEAD.iter().filter(|line| line.2 >= 4) {
        let from = ((bar * 16 + step) as f64 * STEP + 0.3 * *steps as f64 * STEP) as usize;
        // The square sounds an octave below the saws: look for the saws' pitch.
        let off =
            cents(pitch_near(&lead[from..from + 7200], pitch(f64::from(*note) - 12.0)), pitch(f64::from(*note) - 12.0));
        assert!(off.abs() < 25.0, "lead, bar {bar}, step {step}: {off:.0} cents off");
    }
    let low = stem(&FERRY, "bass");
    for note in bass::line().iter().filter(|note| note.frames > 2.5 * STEP) {
        let from = (note.from + 0.25 * note.frames) as usize;
        let hz = pitch(f64::from(note.note));
        let off = cents(pitch_near(&low[from..from + (0.6 * note.frames) as usize], hz), hz);
        assert!(off.abs() < 30.0, "bass, frame {from}: {off:.0} cents off");
    }
}

/// Levels in dB of the harmonics of a sustained vowel, from the first.
fn harmonics_of(signs: &'static str, hz: f64) -> Vec<f64> {
    let note = 69.0 + 12.0 * (hz / 440.0).log2();
    let singer = Singer { vibrato_cents: 0.0, breath: 0.0, ..LEAD };
    let sung = [Sung { from: 4800.0, until: 90_000.0, note, signs, effort: 0.7 }];
    let mut out = vec![0.0_f32; 65_536];
    sing_into(&mut out, &singer, &sung);
    let spectrum = spectrum(&out[32_768..]);
    let bin = RATE / 32_768.0;
    let strongest = |h: usize| {
        let (low, high) = ((h as f64 - 0.4) * hz / bin, (h as f64 + 0.4) * hz / bin);
        spectrum[low as usize..=high as usize].iter().fold(0.0_f64, |a, b| a.max(*b))
    };
    (1..=(4200.0 / hz) as usize).map(|h| 20.0 * strongest(h).log10()).collect()
}

#[test]
fn vowels_have_their_formants() {
    // Low enough that harmonics lie close under the formants.
    let hz = 98.0;
    for (signs, f1, f2) in [
        ("IY", 270.0, 2290.0),
        ("EH", 530.0, 1840.0),
        ("AE", 660.0, 1720.0),
        ("AA", 730.0, 1090.0),
        ("OW", 490.0, 880.0),
        ("UW", 310.0, 870.0),
    ] {
        let levels = harmonics_of(signs, hz);
        for formant in [f1 * LEAD.tract, f2 * LEAD.tract] {
            // The strongest harmonic near the formant, the fall of the pulses' own spectrum taken out, is the one
            // nearest to it, or its neighbor.
            let flat = |h: usize| levels[h - 1] + 20.0 * (h as f64).log10();
            let nearest = (formant / hz).round() as usize;
            let around = nearest.saturating_sub(3).max(1)..=nearest + 3;
            let best = around.max_by(|a, b| flat(*a).total_cmp(&flat(*b))).expect("a range");
            let off = best as f64 * hz - formant;
            assert!(off.abs() <= 1.3 * hz, "{signs}: formant {formant:.0} Hz found {off:.0} Hz away");
        }
    }
    // "Ee" is bright and "oo" is dark: what lies from 1.8 to 3 kHz differs by far more than 10 dB.
    let bright = |levels: &[f64]| levels[18..30].iter().fold(-200.0_f64, |a, b| a.max(*b)) - levels[2];
    let (ee, oo) = (bright(&harmonics_of("IY", hz)), bright(&harmonics_of("UW", hz)));
    assert!(ee > oo + 10.0, "{ee:.1} dB against {oo:.1} dB");
}

#[test]
fn the_last_chord_rings_out() {
    let end = LAST * 16 * STEP as usize;
    for id in ["chords", "bass", "vocal", "pad"] {
        let samples = stem(&FERRY, id);
        let power = |from: usize| samples[from..from + 4800].iter().map(|s| f64::from(s * s)).sum::<f64>();
        assert!(power(end + 24_000) > 50.0 * power(FRAMES - 9600), "{id}");
    }
}
