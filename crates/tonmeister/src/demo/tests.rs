//! What must hold of the demo song: its shape, its bits, its pitches, its vowels, and that nothing folds back.

use std::sync::OnceLock;

use tonmeister_core::Layout;

use super::arithmetic::{RATE, cosine, pitch, sine};
use super::lyrics::VOCAL;
use super::oscillator::{Oscillator, saw, square};
use super::score::{FRAMES, LAST, STEP};
use super::singers::LEAD;
use super::voice::{Sung, part, sing_into};
use super::{SAMPLE_RATE, STEMS, Stem, bass, keys, stems, synth};

pub(super) fn song() -> &'static [Stem] {
    static SONG: OnceLock<Vec<Stem>> = OnceLock::new();
    SONG.get_or_init(stems)
}

fn stem(id: &str) -> &'static Stem {
    song().iter().find(|stem| stem.id == id).expect("a stem of that name")
}

/// FNV-1a over the bits of every sample.
fn hash(stem: &Stem) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for channel in 0..stem.audio.layout().channels() {
        for sample in stem.audio.channel(channel) {
            hash = (hash ^ u64::from(sample.to_bits())).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

/// The sound of the demo is part of what is promised. A deliberate change is blessed by running this test with
/// `TONMEISTER_BLESS=1`, and says so in the change log.
#[test]
fn every_stem_has_its_golden_bits() {
    let lines: Vec<String> = song().iter().map(|stem| format!("{} {:016x}\n", stem.id, hash(stem))).collect();
    let found = lines.concat();
    if std::env::var_os("TONMEISTER_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/golden.txt");
        std::fs::write(path, &found).expect("the golden hashes can be written");
        return;
    }
    assert_eq!(found, include_str!("golden.txt"), "the demo sounds different than it did");
}

#[test]
fn the_stems_are_named_long_enough_and_of_one_length() {
    assert!(STEMS.len() >= 10);
    assert_eq!(song().iter().map(|stem| (stem.id, stem.role)).collect::<Vec<_>>(), STEMS);
    assert!(f64::from(FRAMES as u32) / RATE >= 75.0);
    let mono = ["kick", "snare", "hats", "bass", "lead", "vocal"];
    for stem in song() {
        assert_eq!(stem.audio.frames(), FRAMES, "{}", stem.id);
        let expected = if mono.contains(&stem.id) { Layout::Mono } else { Layout::Stereo };
        assert_eq!(stem.audio.layout(), expected, "{}", stem.id);
    }
}

#[test]
fn levels_are_healthy() {
    for stem in song() {
        for channel in 0..stem.audio.layout().channels() {
            let samples = stem.audio.channel(channel);
            let peak = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
            assert!(samples.iter().all(|s| s.is_finite()), "{}", stem.id);
            assert!((0.2..=0.708).contains(&peak), "{}: peak {peak}", stem.id);
            let mean = samples.iter().map(|s| f64::from(*s)).sum::<f64>() / FRAMES as f64;
            assert!(mean.abs() < 1e-5, "{}: offset {mean}", stem.id);
            let power = samples.iter().map(|s| f64::from(*s * *s)).sum::<f64>() / FRAMES as f64;
            assert!(power > 1e-5, "{}: silent, {power}", stem.id);
            // It rang out: the last 50 ms lie below −80 dB, so no stem is cut off.
            let end = samples[FRAMES - 2400..].iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
            assert!(end < 1e-4, "{}: ends at {end}", stem.id);
        }
    }
}

/// Sides of a stereo stem differ, yet both carry the sound.
#[test]
fn stereo_stems_are_wide_and_balanced() {
    for stem in song().iter().filter(|stem| stem.audio.layout() == Layout::Stereo) {
        let (left, right) = (stem.audio.channel(0), stem.audio.channel(1));
        let power = |samples: &[f32]| samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum::<f64>();
        let product: f64 = left.iter().zip(right).map(|(l, r)| f64::from(*l) * f64::from(*r)).sum();
        let correlation = product / (power(left) * power(right)).sqrt();
        assert!((0.0..0.985).contains(&correlation), "{}: correlation {correlation}", stem.id);
        let balance = power(left) / power(right);
        assert!((0.4..2.5).contains(&balance), "{}: left over right {balance}", stem.id);
    }
}

/// The amplitude at each multiple of 1/length, Blackman–Harris windowed (side lobes at −92 dB).
fn spectrum(samples: &[f32]) -> Vec<f64> {
    let n = samples.len();
    let mut re: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(i, s)| {
            let t = i as f64 / n as f64;
            let window = 0.35875 - 0.48829 * cosine(t) + 0.14128 * cosine(2.0 * t) - 0.01168 * cosine(3.0 * t);
            f64::from(*s) * window
        })
        .collect();
    let mut im = vec![0.0; n];
    transform(&mut re, &mut im);
    (0..n / 2).map(|k| (re[k] * re[k] + im[k] * im[k]).sqrt()).collect()
}

/// Cooley and Tukey's transform of a power of two, in place.
fn transform(re: &mut [f64], im: &mut [f64]) {
    let n = re.len();
    let bits = n.trailing_zeros();
    for i in 0..n {
        let j = i.reverse_bits() >> (usize::BITS - bits);
        if j > i {
            re.swap(i, j);
            im.swap(i, j);
        }
    }
    let mut half = 1;
    while half < n {
        for start in (0..n).step_by(2 * half) {
            for k in 0..half {
                let turns = k as f64 / (2 * half) as f64;
                let (c, s) = (cosine(turns), -sine(turns));
                let (a, b) = (start + k, start + k + half);
                let (tr, ti) = (re[b] * c - im[b] * s, re[b] * s + im[b] * c);
                (re[b], im[b]) = (re[a] - tr, im[a] - ti);
                (re[a], im[a]) = (re[a] + tr, im[a] + ti);
            }
        }
        half *= 2;
    }
}

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
    let mut track = super::track::Track::new();
    keys::strike(&mut track, 0.0, 48_000.0, 86.0, 1.0);
    let folded = folded_db(&track.samples[100..16_484], pitch(86.0));
    assert!(folded < -60.0, "electric piano: {folded:.1} dB");
}

/// The pitch of a stretch in Hz: the lag of the strongest normalized autocorrelation near the note expected.
fn pitch_near(samples: &[f32], expected_hz: f64) -> f64 {
    let window = samples.len() / 2;
    let shortest = (RATE / (expected_hz * 1.4)) as usize;
    let longest = (RATE / (expected_hz * 0.7)) as usize;
    let likeness = |lag: usize| {
        let pairs = samples[..window].iter().zip(&samples[lag..lag + window]);
        let (mut product, mut a, mut b) = (0.0, 0.0, 0.0);
        for (x, y) in pairs {
            product += f64::from(x * y);
            a += f64::from(x * x);
            b += f64::from(y * y);
        }
        product / (a * b).sqrt().max(1e-12)
    };
    let lags: Vec<f64> = (shortest..=longest).map(likeness).collect();
    let best = (1..lags.len() - 1).max_by(|a, b| lags[*a].total_cmp(&lags[*b])).expect("a range of lags");
    // Between samples: the top of the parabola through the three best.
    let (l, m, r) = (lags[best - 1], lags[best], lags[best + 1]);
    RATE / ((shortest + best) as f64 + 0.5 * (l - r) / (l - 2.0 * m + r))
}

fn cents(hz: f64, expected: f64) -> f64 {
    1200.0 * (hz / expected).log2()
}

#[test]
fn the_voice_sings_the_melody() {
    let voice = stem("vocal").audio.channel(0);
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
    let lead = stem("lead").audio.channel(0);
    for (bar, step, steps, note) in synth::LEAD.iter().filter(|line| line.2 >= 4) {
        let from = ((bar * 16 + step) as f64 * STEP + 0.3 * *steps as f64 * STEP) as usize;
        // The square sounds an octave below the saws: look for the saws' pitch.
        let off =
            cents(pitch_near(&lead[from..from + 7200], pitch(f64::from(*note) - 12.0)), pitch(f64::from(*note) - 12.0));
        assert!(off.abs() < 25.0, "lead, bar {bar}, step {step}: {off:.0} cents off");
    }
    let low = stem("bass").audio.channel(0);
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
    let singer = super::voice::Singer { vibrato_cents: 0.0, breath: 0.0, ..LEAD };
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
        let samples = stem(id).audio.channel(0);
        let power = |from: usize| samples[from..from + 4800].iter().map(|s| f64::from(s * s)).sum::<f64>();
        assert!(power(end + 24_000) > 50.0 * power(FRAMES - 9600), "{id}");
    }
    assert_eq!(SAMPLE_RATE, 48_000);
}
