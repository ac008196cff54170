//! Recorded rooms, convolved with as the direct sum would.
#![allow(missing_docs)]

mod material;

use std::sync::Arc;

use material::{files, material, read};
use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
use tonmeister_dsp::convolution::Convolution;
use tonmeister_dsp::testing::stereo_noise;

#[test]
fn real_rooms_are_the_direct_sum() {
    // A church, two halls and a chamber of 2 to 6 s. −120 dB are asked for.
    let Some(material) = material("convolution with real rooms") else { return };
    let rooms = files(&material.join("ir"), "flac");
    assert!(!rooms.is_empty(), "no rooms in {}", material.display());
    for path in rooms {
        let room = read(&path);
        let mut settings = Settings::new(Convolution::SPEC).with("level", 1.0).with("trim", 0.0);
        settings.load("ir", Arc::new(room.clone()));
        let frames = room.frames() + 48_000;
        let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: frames, seed: 1 };
        let mut processor = Convolution::from_settings(&settings).build(&stream).unwrap();
        let input = stereo_noise(7, 0.5, frames);
        let mut output = input.clone();
        processor.process(&mut output.block(frames), &Context::default());
        let (mut wrong, mut wanted) = (0.0, 0.0);
        for at in (0..frames).step_by(4999) {
            for channel in 0..2 {
                let (h, x) = (room.channel(channel), input.channel(channel));
                let sum = |y: f64, (k, h): (usize, &f32)| y + f64::from(*h) * f64::from(x[at - k]);
                let y = h.iter().take(at + 1).enumerate().fold(0.0, sum);
                wanted += y * y;
                wrong += (f64::from(output.channel(channel)[at]) - y).powi(2);
            }
        }
        let error = 10.0 * f64::log10(wrong / wanted);
        println!("{}: {error:.1} dB", path.display());
        assert!(error <= -120.0, "{}: {error:.1} dB", path.display());
    }
}
