//! Noise laid under real songs and taken away again.

mod common;

use std::fmt::Write;

use tonmeister_core::{Buffer, Effect, Event, ParamIndex, Settings, Stream};
use tonmeister_dsp::repair::Denoise;
use tonmeister_dsp::testing::{noise, run};

use common::{material, read};

/// How far what is wrong lies below the song, in dB.
fn sdr_db(clean: &[f32], heard: &[f32]) -> f64 {
    let power = |x: f64| x * x;
    let right: f64 = clean.iter().map(|x| power(f64::from(*x))).sum();
    let wrong: f64 = clean.iter().zip(heard).map(|(x, y)| power(f64::from(x - y))).sum();
    10.0 * (right / wrong).log10()
}

/// From a second of noise alone the noise is learned. White noise 10, 20, 30, 40 dB below an orchestra leaves 17.5, 25.4,
/// 33.8, 42.6 dB; below pop with a voice 18.6, 26.7, 34.9, 43.3; below rock guitars 17.9, 24.7, 32.8, 41.5.
#[test]
fn real_songs_gain_by_it_and_never_lose() {
    for song in ["freedoom_orchestral_e1m5", "evr_caesium", "sectoid_feelings"] {
        let Some(path) = material(&format!("songs/{song}/reference_mix.flac")) else { return };
        let (rate, whole) = read(&path);
        let second = rate as usize;
        let clean = &whole.channel(0)[15 * second..23 * second];
        let power = clean.iter().map(|x| f64::from(x * x)).sum::<f64>() / clean.len() as f64;
        let mut report = String::new();
        for snr in [10.0, 20.0, 30.0, 40.0] {
            let peak = (3.0 * power * 10f64.powf(-snr / 10.0)).sqrt() as f32;
            let mut sound = vec![0.0; second];
            sound.extend_from_slice(clean);
            sound.iter_mut().zip(noise(5, peak, 9 * second)).for_each(|(x, n)| *x += n);
            let settings = Settings::new(Denoise::SPEC).with("learn", 1.0).with("reduction_db", 20.0);
            let learn = settings.index_of("learn").map(|index| index.0).unwrap_or_default();
            let stream = Stream { sample_rate: rate, layout: tonmeister_core::Layout::Mono, max_block: 4096, seed: 0 };
            let mut processor = Denoise::from_settings(&settings).build(&stream).expect("it can sound");
            let late = processor.latency().0 as usize;
            sound.resize(sound.len() + late, 0.0);
            let off = Event { at: second as u32 - 2000, param: ParamIndex(learn), value: 0.0, glide: 0 };
            let out = run(&mut *processor, &Buffer::from_mono(sound), &[4096], &[off]);
            let sdr = sdr_db(clean, &out.channel(0)[second + late..]);
            write!(report, "{snr} → {sdr:.1}  ").unwrap();
            assert!(sdr > snr, "{song}: {report}");
        }
        println!("{song}: {report}");
    }
}
