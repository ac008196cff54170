//! Sample rate conversion for files: transparent, sample-exact, at any ratio.
//!
//! [`Resampled`] puts a converter over a [`Source`](tonmeister_core::Source); [`Resampler`] takes audio in pieces and
//! [`resample`] takes it whole. All three give the same bits, however the audio is cut.
//!
//! ## Method
//! A linear-phase low-pass (Kaiser-windowed sinc, Kaiser & Schafer, *On the use of the I₀-sinh window*, 1980; the length
//! from Oppenheim & Schafer, *Discrete-Time Signal Processing*, §7.5.3) is applied by overlap-save in the frequency
//! domain, and the rate is changed there too: the spectrum of a block is cut, or filled up with zeros, to the number of
//! bins that the same stretch of time has at the new rate. The ratio is exact, never rounded to a grid of phases. Left
//! and right are the real and imaginary part of one complex transform (mono uses both for its own), and four blocks are
//! transformed side by side in vector lanes (`batch`). All arithmetic between the `f32` samples is `f64`, and no
//! operation is fused: the bits are the same on every machine.
//!
//! ## Figures (each computed by a test)
//! - pass band to 0.913 of the lower Nyquist frequency, ripple below 0.001 dB
//! - stop band from the lower Nyquist frequency itself, images and aliases below −150 dB before the output is rounded
//!   to `f32`: nothing folds back, not even next to Nyquist
//! - no delay: output frame `n` is the input at `n · in / out`, and the length is `frames · out / in`, rounded
//!
//! The steep filter rings for 130 samples of the lower rate on both sides of an edge, at 0.96 of Nyquist (above 21 kHz
//! at 44.1 kHz): that is the price of a flat band to 20.1 kHz without aliases.

mod batch;
mod design;
mod source;
mod transform;

#[cfg(test)]
mod tests;

use tonmeister_core::{Buffer, Layout, View};

use self::design::Plan;
pub use self::source::Resampled;
use self::transform::Converter;

/// How many frames `frames` become: `frames · to / from`, rounded to the nearest (halves up).
pub fn resampled_frames(frames: u64, from: u32, to: u32) -> u64 {
    let (frames, from, to) = (u128::from(frames), u128::from(from), u128::from(to));
    ((2 * frames * to + from) / (2 * from).max(1)) as u64
}

/// Converts audio that is whole in memory.
pub fn resample(audio: View<'_>, from: u32, to: u32) -> Buffer {
    let mut resampler = Resampler::new(audio.layout(), from, to);
    let mut out = Buffer::new(audio.layout(), 0);
    resampler.push(audio, &mut out);
    resampler.finish(&mut out);
    out
}

/// A converter that is fed in pieces of any size.
///
/// Output comes in stretches of some thousand frames as soon as the input for them (and for the filter's reach beyond)
/// has been seen. Equal rates pass through unchanged.
pub struct Resampler {
    from: u32,
    to: u32,
    layout: Layout,
    /// None when the rates are equal.
    work: Option<Work>,
    taken: u64,
    made: u64,
}

/// The converter and the input it has not used up.
struct Work {
    converter: Converter,
    /// The input from the first frame of the next window on.
    pending: [Vec<f32>; 2],
}

impl Resampler {
    /// A converter from one rate to another, in Hz.
    ///
    /// # Panics
    /// When a rate is 0.
    pub fn new(layout: Layout, from: u32, to: u32) -> Self {
        assert!(from > 0 && to > 0, "a sample rate is more than 0 Hz");
        let work = (from != to).then(|| {
            let plan = Plan::new(from, to);
            // Before the first frame there is silence.
            let before = vec![0.0; plan.reach_in()];
            Work { converter: Converter::new(plan, layout), pending: [before.clone(), before] }
        });
        Resampler { from, to, layout, work, taken: 0, made: 0 }
    }

    /// Takes frames in and appends to `out` what they complete.
    pub fn push(&mut self, audio: View<'_>, out: &mut Buffer) {
        debug_assert_eq!(audio.layout(), self.layout);
        self.taken += audio.frames() as u64;
        let Some(work) = &mut self.work else {
            self.made += audio.frames() as u64;
            out.append(audio);
            return;
        };
        work.hold(audio);
        self.made += work.advance(out);
    }

    /// Appends the rest, as if silence followed. The output then has exactly [`resampled_frames`] of what was pushed.
    pub fn finish(mut self, out: &mut Buffer) {
        let total = resampled_frames(self.taken, self.from, self.to);
        let Some(work) = &mut self.work else { return };
        let mut rest = Buffer::new(self.layout, 0);
        let silence = Buffer::new(self.layout, work.converter.window());
        let mut made = self.made;
        while made < total {
            work.hold(silence.view(silence.frames()));
            made += work.advance(&mut rest);
        }
        out.append(rest.view((total - self.made.min(total)) as usize));
    }

    /// Passes over about `frames` output frames without computing them, as many whole steps as fit; returns how many
    /// output frames that is and how many further input frames must be passed over to match.
    fn pass_over(&mut self, frames: u64) -> (u64, u64) {
        let Some(work) = &mut self.work else { return (0, 0) };
        let (step_in, step_out) = work.converter.step();
        let steps = frames / step_out as u64;
        let distance = steps * step_in as u64;
        let held = (work.pending[0].len() as u64).min(distance);
        work.drop_front(held as usize);
        self.made += steps * step_out as u64;
        self.taken += distance - held;
        (steps * step_out as u64, distance - held)
    }
}

impl Work {
    /// Appends to the input.
    fn hold(&mut self, audio: View<'_>) {
        // A mono signal keeps a second lane of the same samples, so that nothing here depends on the layout.
        let last = audio.layout().channels() - 1;
        self.pending[0].extend_from_slice(audio.channel(0));
        self.pending[1].extend_from_slice(audio.channel(last));
    }

    /// Converts as long as there is enough input; returns how many frames were appended.
    fn advance(&mut self, out: &mut Buffer) -> u64 {
        let window = self.converter.window();
        let (step_in, step_out) = self.converter.step();
        let (mut at, mut made) = (0, 0);
        while self.pending[0].len() - at >= window {
            let [left, right] = &self.pending;
            self.converter.convert([&left[at..at + window], &right[at..at + window]], out);
            at += step_in;
            made += step_out as u64;
        }
        self.drop_front(at);
        made
    }

    /// Forgets the first `frames` frames.
    fn drop_front(&mut self, frames: usize) {
        for lane in &mut self.pending {
            lane.drain(..frames);
        }
    }
}
