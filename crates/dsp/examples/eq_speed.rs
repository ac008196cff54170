//! How fast sections and the equalizer run on this machine: `cargo run --release --example eq_speed`.
//!
//! Prints the time per frame, the least of many runs; blocks of 512 frames of noise.

use std::time::Instant;

use tonmeister_core::{Buffer, Context, Effect, Event, Layout, Processor, Settings, Stream};
use tonmeister_dsp::biquad::{Biquad, Cascade};
use tonmeister_dsp::eq::Eq;
use tonmeister_dsp::simd::Level;
use tonmeister_dsp::testing::stereo_noise;

const FRAMES: usize = 512;
const ROUNDS: usize = 400;

/// The least time per frame, in nanoseconds.
fn time(mut round: impl FnMut()) -> f64 {
    let once = |round: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| round());
        start.elapsed().as_secs_f64() * 1e9 / (FRAMES * ROUNDS) as f64
    };
    (0..20).map(|_| once(&mut round)).fold(f64::INFINITY, f64::min)
}

fn noise(layout: Layout) -> Buffer {
    let noise = stereo_noise(1, 0.5, FRAMES);
    if layout == Layout::Mono { Buffer::from_mono(noise.channel(0).to_vec()) } else { noise }
}

/// The common way: transposed direct form II, a sample through all sections, then the next sample.
fn scalar(sections: &[Biquad], states: &mut [[f64; 2]], audio: &mut [f32]) {
    for sample in audio {
        let mut x = f64::from(*sample);
        for (s, state) in sections.iter().zip(states.iter_mut()) {
            let y = s.b0 * x + state[0];
            state[0] = s.b1 * x - s.a1 * y + state[1];
            state[1] = s.b2 * x - s.a2 * y;
            x = y;
        }
        *sample = x as f32;
    }
}

fn main() {
    let section = Biquad { b0: 1.01, b1: -1.88, b2: 0.9, a1: -1.9, a2: 0.91 };
    for count in [1, 2, 4, 5, 6, 8, 16] {
        for layout in [Layout::Mono, Layout::Stereo] {
            let work = (count * layout.channels()) as f64;
            let source = noise(layout);
            let mut audio = source.clone();
            let mut states = vec![[[0.0; 2]; 16]; 2];
            let ns = time(|| {
                audio.clone_from(&source);
                for (channel, states) in audio.block(FRAMES).channels_mut().zip(&mut states) {
                    scalar(&vec![section; count], states, channel);
                }
            });
            println!("{count} sections, {layout:?}: scalar {ns:.2} ns per frame, {:.2} G sections/s", work / ns);
            for level in Level::all() {
                let mut cascade = Cascade::at_level(&vec![section; count], layout, level);
                let ns = time(|| {
                    audio.clone_from(&source);
                    cascade.run(&mut audio.block(FRAMES));
                });
                println!("  {level:?}: {ns:.2} ns per frame, {:.2} G sections/s", work / ns);
            }
        }
    }
    let mut meter = Cascade::new(&[section; 2], Layout::Stereo);
    let (source, mut sums) = (noise(Layout::Stereo), [0.0; 2]);
    let ns = time(|| meter.add_squares(source.view(FRAMES), &mut sums));
    println!("2 sections, stereo, into sums of squares: {ns:.2} ns per frame");
    for layout in [Layout::Mono, Layout::Stereo] {
        strip(layout);
    }
}

/// A channel strip's equalizer, still and moving.
fn strip(layout: Layout) {
    let settings = Settings::new(Eq::SPEC)
        .with_item("highpass", &[("hz", 80.0), ("slope_db_oct", 12.0)])
        .with_item("low_shelves", &[("hz", 120.0), ("gain_db", 2.0)])
        .with_item("bells", &[("hz", 400.0), ("gain_db", -3.0)])
        .with_item("bells", &[("hz", 3000.0), ("gain_db", 2.5)])
        .with_item("high_shelves", &[("hz", 9000.0), ("gain_db", 3.0)]);
    let stream = Stream { sample_rate: 48_000, layout, max_block: FRAMES, seed: 0 };
    let source = noise(layout);
    let mut audio = source.clone();
    let mut run = |processor: &mut dyn Processor, events: &[Event]| {
        audio.clone_from(&source);
        processor.process(&mut audio.block(FRAMES), &Context { events, key: None });
    };
    let eq = Eq::from_settings(&settings);
    let Ok(mut still) = eq.build(&stream) else { return };
    println!("strip of 5 sections, {layout:?}, still: {:.2} ns per frame", time(|| run(&mut *still, &[])));
    let Ok(mut moving) = eq.build(&stream) else { return };
    let Ok(param) = settings.index_of("bells/1/gain_db") else { return };
    let mut value = 0.0;
    let ns = time(|| {
        value = if value == 6.0 { -6.0 } else { 6.0 };
        run(&mut *moving, &[Event { at: 0, param, value, glide: FRAMES as u32 }]);
    });
    println!("strip of 5 sections, {layout:?}, one bell moving all the time: {ns:.2} ns per frame");
}
