//! Against another implementation of the same standards, on noise, on bursts, and on real music where it is at hand.

mod common;

use common::{files, material, read};
use ebur128::{EbuR128, Mode};
use tonmeister_core::{Buffer, Layout};
use tonmeister_dsp::testing::{noise, sine, spread, stereo_noise};
use tonmeister_measure::loudness::{LoudnessMeter, Mono, Options, Peaks};

/// Integrated loudness and loudness range within 0.02 LU; and at every 100 ms the two needles, while they are above
/// −60 LUFS. The range is made of the other's needle, because its own steps by a second.
fn assert_alike(rate: u32, audio: &Buffer, what: &str) {
    let channels = audio.layout().channels();
    let mut other = EbuR128::new(channels as u32, rate, Mode::I | Mode::M | Mode::S).unwrap();
    let options = Options { peaks: Peaks::Sample, ..Options::default() };
    let mut meter = LoudnessMeter::with_options(rate, audio.layout(), options).unwrap();
    let step = rate as usize / 10;
    let view = audio.view(audio.frames());
    let mut short_term = Vec::new();
    for at in (0..audio.frames()).step_by(step) {
        let end = audio.frames().min(at + step);
        let part = view.part(at, end);
        meter.push(part);
        other.add_frames_planar_f32(&part.channels().collect::<Vec<_>>()).unwrap();
        if end - at == step {
            let needles = [
                (meter.momentary_lufs(), other.loudness_momentary().unwrap()),
                (meter.short_term_lufs(), other.loudness_shortterm().unwrap()),
            ];
            if end >= 30 * step {
                short_term.push(needles[1].1);
            }
            for (mine, theirs) in needles.into_iter().filter(|n| n.1 > -60.0) {
                let mine = mine.unwrap();
                assert!((mine - theirs).abs() < 0.02, "{what} at frame {end}: {mine} against {theirs}");
            }
        }
    }
    let found = meter.finish();
    let theirs = other.loudness_global().unwrap();
    match found.integrated_lufs {
        Some(mine) => assert!((mine - theirs).abs() < 0.02, "{what}: {mine} against {theirs}"),
        None => assert!(theirs <= -70.0, "{what}: nothing against {theirs}"),
    }
    let (mine, theirs) = (found.range.unwrap().lu, range(short_term));
    assert!((mine - theirs).abs() < 0.02, "{what}: range {mine} against {theirs}");
}

/// Loudness range by the letter of EBU Tech 3342.
fn range(mut short_term: Vec<f64>) -> f64 {
    let power = |lufs: f64| 10f64.powf(lufs / 10.0);
    short_term.retain(|l| *l > -70.0);
    let mean = short_term.iter().map(|l| power(*l)).sum::<f64>() / short_term.len() as f64;
    short_term.retain(|l| *l > 10.0 * mean.log10() - 20.0);
    short_term.sort_by(f64::total_cmp);
    let percentile = |p: f64| short_term[((short_term.len() - 1) as f64 * p / 100.0).round() as usize];
    percentile(95.0) - percentile(10.0)
}

/// True peaks, as far as a reading of four places per sample without a parabola can say: it under-reads by up to 0.7 dB
/// (on music; on noise up to half the sample rate by more), ripples by 0.06, and never reads more than that too high.
fn assert_true_peaks_alike(rate: u32, audio: &Buffer, what: &str) {
    let channels = audio.layout().channels();
    let mut other = EbuR128::new(channels as u32, rate, Mode::TRUE_PEAK).unwrap();
    let mut meter = LoudnessMeter::new(rate, audio.layout()).unwrap();
    let view = audio.view(audio.frames());
    meter.push(view);
    other.add_frames_planar_f32(&view.channels().collect::<Vec<_>>()).unwrap();
    for (c, found) in meter.finish().channels.iter().enumerate() {
        let theirs = 20.0 * other.true_peak(c as u32).unwrap().log10();
        let mine = found.true_peak_dbtp.unwrap();
        assert!((theirs - 0.06..theirs + 0.7).contains(&mine), "{what}, channel {c}: {mine} against {theirs}");
    }
}

#[test]
fn noise_and_bursts_read_alike() {
    for rate in [44_100, 48_000] {
        let frames = 20 * rate as usize;
        assert_alike(rate, &stereo_noise(1, 0.3, frames), "noise");
        let mut bursts = stereo_noise(2, 0.5, frames);
        let gain = |n: usize| if (n / 7777).is_multiple_of(3) { 1.0 } else { 0.03 };
        for c in 0..2 {
            bursts.channel_mut(c).iter_mut().enumerate().for_each(|(n, s)| *s *= gain(n));
        }
        assert_alike(rate, &bursts, "bursts");
        assert_alike(rate, &Buffer::from_mono(noise(4, 0.2, frames)), "mono");
        for hz in [20.0, 60.0, 250.0, 4000.0, 15_000.0] {
            let tone = spread(&sine(hz, 0.5, rate, 4 * rate as usize), Layout::Stereo);
            assert_alike(rate, &tone, "tone");
            assert_true_peaks_alike(rate, &tone, "tone");
        }
    }
}

#[test]
fn mono_on_both_sides_reads_like_stereo() {
    let signal = noise(9, 0.3, 96_000);
    let measure = |audio: &Buffer, mono| {
        let options = Options { mono, peaks: Peaks::Sample };
        let mut meter = LoudnessMeter::with_options(48_000, audio.layout(), options).unwrap();
        meter.push(audio.view(audio.frames()));
        meter.finish().integrated_lufs.unwrap()
    };
    let one = measure(&Buffer::from_mono(signal.clone()), Mono::AsOneChannel);
    let both = measure(&Buffer::from_mono(signal.clone()), Mono::AsBothSides);
    let stereo = measure(&spread(&signal, Layout::Stereo), Mono::AsOneChannel);
    assert!((both - stereo).abs() < 1e-9);
    assert!((both - one - 3.0103).abs() < 1e-4);
}

#[test]
fn real_music_reads_alike() {
    let Some(songs) = material("songs") else { return };
    let entries = std::fs::read_dir(songs).expect("the folder can be read");
    let mut heard = 0;
    for song in entries.map(|e| e.expect("the folder can be read").path().join("reference_mix.flac")) {
        if song.exists() {
            let (rate, audio) = read(&song);
            assert_alike(rate, &audio, &song.display().to_string());
            heard += 1;
        }
    }
    let Some(finished) = material("finished") else { return };
    for file in files(&finished, &["ogg"]) {
        let (rate, audio) = read(&file);
        assert_alike(rate, &audio, &file.display().to_string());
        assert_true_peaks_alike(rate, &audio, &file.display().to_string());
        heard += 1;
    }
    assert!(heard >= 20, "only {heard} files of music were found");
}
