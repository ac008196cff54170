//! What every processor's tests need: test signals, and the proof that block sizes do not matter.

use tonmeister_core::{Block, Buffer, Context, Event, Layout, Processor};

/// Runs a processor over `input` in blocks of the given sizes, taken in turn, and returns the output.
///
/// `events` hold absolute frames in [`Event::at`]; they are handed over in the block they fall in.
pub fn run(processor: &mut dyn Processor, input: &Buffer, sizes: &[usize], events: &[Event]) -> Buffer {
    let mut output = input.clone();
    let mut at = 0;
    for size in sizes.iter().cycle() {
        let end = (at + size).min(output.frames());
        let here: Vec<Event> = events
            .iter()
            .filter(|e| (at..end).contains(&(e.at as usize)))
            .map(|e| Event { at: e.at - at as u32, ..*e })
            .collect();
        processor.process(&mut output.block_range(at, end), &Context { events: &here, key: None });
        at = end;
        if at == output.frames() {
            break;
        }
    }
    output
}

/// Asserts that the output is the same, bit for bit, in blocks of 1, of 64, of 4096, and of odd sizes mixed.
///
/// # Panics
/// When it is not, naming the first frame that differs.
pub fn assert_block_size_does_not_matter(
    mut make: impl FnMut() -> Box<dyn Processor>,
    input: &Buffer,
    events: &[Event],
) {
    let whole = run(&mut *make(), input, &[4096], events);
    for sizes in [&[1_usize][..], &[64], &[7, 480, 1, 333, 2048, 31]] {
        let cut = run(&mut *make(), input, sizes, events);
        for channel in 0..whole.layout().channels() {
            let differs =
                whole.channel(channel).iter().zip(cut.channel(channel)).position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(differs, None, "blocks of {sizes:?} differ on channel {channel} at this frame");
        }
    }
}

/// White noise of that peak, the same for the same seed (a 64-bit linear congruence, upper bits).
pub fn noise(seed: u64, peak: f32, frames: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0) * peak
    };
    (0..frames).map(|_| next()).collect()
}

/// A sine of that peak.
pub fn sine(hz: f64, peak: f64, sample_rate: u32, frames: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU * hz / f64::from(sample_rate);
    (0..frames).map(|n| (peak * (step * n as f64).sin()) as f32).collect()
}

/// Two channels of unrelated noise.
pub fn stereo_noise(seed: u64, peak: f32, frames: usize) -> Buffer {
    Buffer::from_stereo(noise(seed, peak, frames), noise(seed + 1, peak, frames))
}

/// A buffer of that layout with the same samples on every channel.
pub fn spread(samples: &[f32], layout: Layout) -> Buffer {
    match layout {
        Layout::Mono => Buffer::from_mono(samples.to_vec()),
        Layout::Stereo => Buffer::from_stereo(samples.to_vec(), samples.to_vec()),
    }
}

/// An impulse of height one at that frame.
pub fn impulse(layout: Layout, at: usize, frames: usize) -> Buffer {
    let mut buffer = Buffer::new(layout, frames);
    let mut block: Block<'_> = buffer.block(frames);
    block.channels_mut().for_each(|c| c[at] = 1.0);
    buffer
}
