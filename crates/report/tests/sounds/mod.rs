//! Sounds that were really measured, for the tests of pages and of paper.
#![allow(dead_code)]

use tonmeister_core::{Buffer, Layout, SourceInfo};
use tonmeister_dsp::testing::stereo_noise;
use tonmeister_measure::check::Inspector;
use tonmeister_measure::loudness::{LoudnessMeter, Options, Peaks};
use tonmeister_measure::portrait::PortraitMeter;
use tonmeister_report::{Service, Subject};

pub(crate) fn measured(name: &str, rate: u32, audio: &Buffer) -> Subject {
    heard(name, rate, audio.layout(), 1, audio)
}

/// The same sound so many times in a row.
pub(crate) fn heard(name: &str, rate: u32, layout: Layout, times: usize, audio: &Buffer) -> Subject {
    let options = Options { peaks: Peaks::TrueAndPsr, ..Options::default() };
    let mut meter = LoudnessMeter::with_options(rate, layout, options).unwrap();
    let mut portrait = PortraitMeter::new(rate, layout);
    let frames = (audio.frames() * times) as u64;
    let mut inspector = Inspector::new(SourceInfo { sample_rate: rate, layout, frames });
    for _ in 0..times {
        let view = audio.view(audio.frames());
        meter.push(view);
        portrait.push(view);
        inspector.push(view);
    }
    let (loudness, history) = meter.finish_with_history();
    Subject {
        name: name.into(),
        format: "WAV, 24-bit".into(),
        loudness,
        history,
        portrait: portrait.finish(),
        findings: inspector.finish().findings,
        remarks: vec!["The file ends <early> & says so.".into()],
    }
}

pub(crate) fn services() -> Vec<Service> {
    let service = |name: &str, lufs, plays, raises| Service {
        name: name.into(),
        loudness_lufs: lufs,
        ceiling_dbtp: -1.0,
        plays,
        raises,
        source: "a test <of markup>".into(),
        date: "2026-11-20".into(),
    };
    vec![
        service("Upward", -14.0, true, Some(true)),
        service("Downward", -14.0, true, Some(false)),
        service("Unknown", -16.0, true, None),
        service("Standard", -23.0, false, None),
    ]
}

/// Noise that swells, with a stretch that is cut off flat.
pub(crate) fn song(seconds: usize, clipped: bool) -> Buffer {
    let mut audio = stereo_noise(7, 0.5, 48_000 * seconds);
    for channel in 0..2 {
        for (n, sample) in audio.channel_mut(channel).iter_mut().enumerate() {
            let swell = 0.2 + 0.8 * (n as f32 / 48_000.0).sin().abs();
            *sample *= swell;
            if clipped && (96_000..120_000).contains(&n) {
                let beat = 0.8 + 0.5 * (n as f32 * 0.0007).sin();
                *sample = (beat * (n as f32 * 0.01).sin()).clamp(-1.0, 1.0);
            }
        }
    }
    audio
}
