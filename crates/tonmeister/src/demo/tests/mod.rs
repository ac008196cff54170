//! What must hold of the demo's songs: their shape, their bits, their levels; of each, its pitches; and of the mixes, that they
//! are in balance.

mod balance;
mod breakwater;
mod ferry;
mod slack;

use std::sync::OnceLock;

use tonmeister_core::Layout;

use super::instruments::arithmetic::{RATE, cosine, sine};
use super::{SONGS, Song, Stem, play};

/// The stems of a song, played once for all tests.
pub(super) fn stems_of(song: &'static Song) -> &'static [Stem] {
    static PLAYED: [OnceLock<Vec<Stem>>; SONGS.len()] = [const { OnceLock::new() }; SONGS.len()];
    let place = SONGS.iter().position(|other| other.id == song.id).expect("a song of the album");
    PLAYED[place].get_or_init(|| play(song.stems))
}

/// The first channel of a stem.
fn stem(song: &'static Song, id: &str) -> &'static [f32] {
    stems_of(song).iter().find(|stem| stem.id == id).expect("a stem of that name").audio.channel(0)
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
    let lines = SONGS.iter().flat_map(|song| {
        let rooms: Vec<Stem> = play(song.rooms);
        let stems = stems_of(song).iter().chain(&rooms);
        stems.map(|stem| format!("{}/{} {:016x}\n", song.id, stem.id, hash(stem))).collect::<Vec<_>>()
    });
    let found: String = lines.collect();
    if std::env::var_os("TONMEISTER_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/golden.txt");
        std::fs::write(path, &found).expect("the golden hashes can be written");
        return;
    }
    assert_eq!(found, include_str!("../golden.txt"), "the demo sounds different than it did");
}

#[test]
fn the_stems_are_named_long_enough_and_of_one_length() {
    for song in SONGS {
        let stems = stems_of(song);
        assert!((8..=14).contains(&stems.len()), "{}", song.id);
        let named: Vec<_> = song.stems.iter().map(|part| (part.id, part.role)).collect();
        assert_eq!(stems.iter().map(|stem| (stem.id, stem.role)).collect::<Vec<_>>(), named);
        let seconds = f64::from(song.frames as u32) / RATE;
        assert!((60.0..=100.0).contains(&seconds), "{}: {seconds} s", song.id);
        assert!(stems.iter().all(|stem| stem.audio.frames() == song.frames), "{}", song.id);
        let mono = stems.iter().filter(|stem| stem.audio.layout() == Layout::Mono).count();
        assert!(mono >= 3 && mono < stems.len(), "{}: {mono} mono", song.id);
    }
}

#[test]
fn levels_are_healthy() {
    for song in SONGS {
        for stem in stems_of(song) {
            let name = format!("{}/{}", song.id, stem.id);
            for channel in 0..stem.audio.layout().channels() {
                let samples = stem.audio.channel(channel);
                let frames = samples.len();
                let peak = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
                assert!(samples.iter().all(|s| s.is_finite()), "{name}");
                assert!((0.1..=0.71).contains(&peak), "{name}: peak {peak}");
                let mean = samples.iter().map(|s| f64::from(*s)).sum::<f64>() / frames as f64;
                assert!(mean.abs() < 1e-5, "{name}: offset {mean}");
                let power = samples.iter().map(|s| f64::from(*s * *s)).sum::<f64>() / frames as f64;
                assert!(power > 1e-6, "{name}: silent, {power}");
                // It rang out: the last 50 ms lie below −80 dB, so no stem is cut off.
                let end = samples[frames - 2400..].iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
                assert!(end < 1e-4, "{name}: ends at {end}");
            }
        }
    }
}

/// Sides of a stereo stem differ, yet both carry the sound.
#[test]
fn stereo_stems_are_wide_and_balanced() {
    for song in SONGS {
        for stem in stems_of(song).iter().filter(|stem| stem.audio.layout() == Layout::Stereo) {
            let name = format!("{}/{}", song.id, stem.id);
            let (left, right) = (stem.audio.channel(0), stem.audio.channel(1));
            let power = |samples: &[f32]| samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum::<f64>();
            let product: f64 = left.iter().zip(right).map(|(l, r)| f64::from(*l) * f64::from(*r)).sum();
            let correlation = product / (power(left) * power(right)).sqrt();
            assert!((-0.1..0.985).contains(&correlation), "{name}: correlation {correlation}");
            let balance = power(left) / power(right);
            assert!((0.4..2.5).contains(&balance), "{name}: left over right {balance}");
        }
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
