//! Known differences are found as they were made.

use tonmeister_core::{Block, Buffer, Context, Layout, Settings, Stream};
use tonmeister_dsp::testing::{noise, stereo_noise};

use super::*;

const RATE: u32 = 48_000;

/// Noise that swells and pauses like music does, in stereo with something to the sides.
fn music(seed: u64, seconds: usize) -> Buffer {
    let frames = seconds * RATE as usize;
    let (mid, side) = (noise(seed, 0.4, frames), noise(seed + 1, 0.1, frames));
    let beats = noise(seed + 2, 1.0, frames / 3000 + 1);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut low = 0.0;
    for n in 0..frames {
        let swell = beats[n / 3000].abs() * (-((n % 3000) as f32) / 1500.0).exp();
        // Two thirds of it below 2 kHz.
        low += 0.2 * (mid[n] - low);
        left.push(swell * (low + 0.3 * mid[n] + side[n]));
        right.push(swell * (low + 0.3 * mid[n] - side[n]));
    }
    let mut buffer = Buffer::new(Layout::Stereo, frames);
    buffer.channel_mut(0).copy_from_slice(&left);
    buffer.channel_mut(1).copy_from_slice(&right);
    buffer
}

fn compared(first: &Buffer, second: &Buffer) -> Difference {
    let mut comparer = Comparer::new(RATE, Layout::Stereo);
    let frames = first.frames().min(second.frames());
    let mut at = 0;
    for size in [1, 4096, 333, 50_000].iter().cycle() {
        let end = (at + size).min(frames);
        comparer.push(first.view(frames).part(at, end), second.view(frames).part(at, end), |_| ());
        at = end;
        if at == frames {
            break;
        }
    }
    comparer.finish()
}

/// An effect of the rack over a buffer.
fn through(effect: &str, set: impl FnOnce(Settings) -> Settings, audio: &Buffer) -> Buffer {
    let rack = tonmeister_dsp::rack();
    let settings = set(Settings::new(rack.spec(effect).expect("an effect of the rack")));
    let stream = Stream { sample_rate: RATE, layout: audio.layout(), max_block: 4096, seed: 1 };
    let mut processor = rack.build(&settings, &stream).expect("it can be built");
    let mut out = audio.clone();
    for from in (0..out.frames()).step_by(4096) {
        let to = (from + 4096).min(out.frames());
        let mut block: Block<'_> = out.block_range(from, to);
        processor.process(&mut block, &Context::default());
    }
    out
}

#[test]
fn the_same_is_found_in_another_file_far_away_and_the_other_is_not() {
    let song = music(1, 40);
    let outline = |audio: &Buffer, from: usize, to: usize, cut: usize| {
        let mut outline = Outline::new(RATE);
        for at in (from..to).step_by(cut) {
            outline.push(audio.view(audio.frames()).part(at, (at + cut).min(to)));
        }
        outline
    };
    let whole = outline(&song, 0, song.frames(), 10_000);
    let excerpt = outline(&song, 13 * 48_000 + 77, 33 * 48_000, 4096);
    let found = whole.find(&excerpt).expect("both sound");
    assert!((found.seconds + 13.0).abs() < 0.002 && found.agreement > 0.6, "{found:?}");
    let other = outline(&music(9, 40), 0, song.frames(), 4096);
    let unrelated = whole.find(&other).expect("both sound");
    assert!(unrelated.agreement < 0.2, "{unrelated:?}");
    let silence = outline(&Buffer::new(Layout::Stereo, 96_000), 0, 96_000, 4096);
    assert_eq!(whole.find(&silence), None);
}

#[test]
fn fractions_of_a_frame_are_found_and_taken_back() {
    let song = music(3, 6);
    for earlier in [0.37, -0.5, 0.003, 0.0] {
        // The kernel is right to 0.44 of the rate: what lies above it is taken out of the music first.
        let dark = through("eq", |s| s.with_item("lowpass", &[("hz", 12_000.0), ("slope_db_oct", 96.0)]), &song);
        let move_by = |audio: &Buffer, by: f64| {
            let mut moved = Buffer::new(Layout::Stereo, 0);
            let mut fraction = Fraction::new(Layout::Stereo, by);
            for at in (0..audio.frames()).step_by(5000) {
                fraction.push(audio.view(audio.frames()).part(at, (at + 5000).min(audio.frames())), &mut moved);
            }
            fraction.finish(&mut moved);
            assert_eq!(moved.frames(), audio.frames());
            moved
        };
        let moved = move_by(&dark, earlier);
        let mut fine = Fine::new(Layout::Stereo);
        fine.push(dark.view(dark.frames()), moved.view(dark.frames()));
        let rest = fine.finish(0.0).expect("it sounds");
        assert!((rest.delay_frames + earlier).abs() < 2e-4, "{earlier}: {rest:?}");
        let back = move_by(&moved, rest.delay_frames);
        // At the ends the kernel reaches into silence.
        let inner = |audio: &Buffer| {
            let mut inner = Buffer::new(Layout::Stereo, 0);
            inner.append(audio.view(audio.frames()).part(200, audio.frames() - 200));
            inner
        };
        let difference = compared(&inner(&dark), &inner(&back));
        // Measured: −98 to −105 dB, and bits at 0.
        assert!(difference.null_db.is_none_or(|null| null < -90.0), "{earlier}: {:?}", difference.null_db);
        if earlier == 0.0 {
            assert!(difference.identical || difference.null_db.is_some_and(|null| null < -100.0));
        }
    }
}

#[test]
fn a_known_equalizer_is_read_off_to_half_a_decibel() {
    let song = music(5, 20);
    let tone = |audio: &Buffer| through("baxandall", |s| s.with("bass_db", 4.0).with("treble_db", -3.0), audio);
    let other = tone(&song);
    let difference = compared(&song, &other);
    // The same equalizer on a long burst of white noise is the yardstick.
    let white = stereo_noise(7, 0.5, 20 * 48_000);
    let yardstick = compared(&white, &tone(&white));
    for (band, known) in difference.bands.iter().zip(&yardstick.bands) {
        assert_eq!(band.hz, known.hz);
        let (found, is) = (band.difference_db.expect("it sounds"), known.difference_db.expect("it sounds"));
        assert!((found - is).abs() < 0.5, "{} Hz: {found} for {is}", band.hz);
        assert!(band.coherence.is_some_and(|c| c > 0.98), "{} Hz: {:?}", band.hz, band.coherence);
        assert!((band.transfer_db.expect("it sounds") - found).abs() < 0.3, "{} Hz", band.hz);
    }
    assert!(difference.bands.first().and_then(|b| b.difference_db).is_some_and(|db| db > 3.0));
}

#[test]
fn what_was_added_is_told_from_what_was_equalized() {
    let song = music(11, 20);
    let hiss = stereo_noise(12, 0.001, song.frames());
    let mut other = song.clone();
    for c in 0..2 {
        other.channel_mut(c).iter_mut().zip(hiss.channel(c)).for_each(|(x, n)| *x += n);
    }
    let difference = compared(&song, &other);
    let top = difference.bands.last().expect("bands");
    assert!(top.coherence.is_some_and(|c| c < 1.0) && top.transfer_db.is_some_and(|db| db.abs() < 0.2), "{top:?}");
    let energy = |b: &Buffer| (0..2).flat_map(|c| b.channel(c).iter()).map(|x| f64::from(*x).powi(2)).sum::<f64>();
    let expected = 10.0 * (energy(&hiss) / energy(&song)).log10();
    assert!((difference.null_db.expect("hiss is left") - expected).abs() < 0.1);
}

#[test]
fn gain_width_and_the_same_are_what_they_are() {
    let song = music(15, 8);
    let same = compared(&song, &song);
    assert!(same.identical && same.null_db.is_none() && same.correlation.is_some_and(|c| (c - 1.0).abs() < 1e-12));

    let mut half = song.clone();
    (0..2).for_each(|c| half.channel_mut(c).iter_mut().for_each(|x| *x *= 0.5));
    let gain = compared(&song, &half);
    assert!((gain.null_db.unwrap() + 6.0206).abs() < 1e-3 && (gain.deepest_gain_db.unwrap() - 6.0206).abs() < 1e-3);
    assert!(gain.deepest_null_db.is_none_or(|null| null < -140.0), "{:?}", gain.deepest_null_db);

    let wide = through("stereo_width", |s| s.with("width_percent", 150.0), &song);
    for band in compared(&song, &wide).bands {
        let wider = band.second_width_db.unwrap() - band.first_width_db.unwrap();
        assert!(wider > 1.0, "{} Hz: {wider} dB", band.hz);
    }
    let nothing = Comparer::new(RATE, Layout::Mono).finish();
    assert!(nothing.bands.is_empty() && nothing.null_db.is_none());
}
