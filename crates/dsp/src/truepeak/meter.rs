//! The greatest true peak over a recording and over each of its windows.

use std::ops::Range;

use tonmeister_core::{Layout, View};

use super::bound::{Extremes, STRETCH, extremes, highest};
use super::close;
use super::kernel::{REACH, cell_peaks};

/// How many cells are looked at together.
const SPAN: usize = 1024;
/// How many samples before and after a span its bounds depend on: one stretch, and one sample more for its second
/// differences.
const BOUNDS: usize = STRETCH + 1;
/// How many samples before and after a span its peaks depend on, closely looked at.
const MARGIN: usize = close::REACH + 2;

/// Reads the true peak of a stream, per channel: its greatest, and if asked for the greatest of each window.
///
/// Feed it with [`push`](TruePeakMeter::push) in blocks of any length and end with
/// [`finish`](TruePeakMeter::finish); the reading has the same bits however the stream was cut. It works at any sample
/// rate (the figures of [the module](super) are relative to it).
///
/// ```
/// use tonmeister_core::{Layout, View};
/// use tonmeister_dsp::truepeak::TruePeakMeter;
///
/// // A quarter of the sample rate, sampled 45° beside its crests: the samples say 0.5, the waveform says 0.707.
/// // (It swells slowly: cut off abruptly it would overshoot.)
/// let swell = |n: usize| (n.min(9600 - n) as f32 / 2000.0).min(1.0);
/// let tone: Vec<f32> = (0..9600).map(|n| if n % 4 < 2 { 0.5 * swell(n) } else { -0.5 * swell(n) }).collect();
/// let mut meter = TruePeakMeter::new(Layout::Mono);
/// meter.push(View::mono(&tone));
/// meter.finish();
/// assert!((meter.max() - 0.5_f64.sqrt()).abs() < 0.0005);
/// ```
#[derive(Clone, Debug)]
pub struct TruePeakMeter {
    channels: Vec<Channel>,
    look: Look,
}

/// How the cells are looked at.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Only where a greater peak may be.
    pruned: bool,
    /// With the taps of [`close`], where a peak comes near the greatest.
    close: bool,
}

const USUAL: Look = Look { pruned: true, close: false };

#[derive(Clone, Debug)]
struct Channel {
    /// `MARGIN` samples, a span, `MARGIN` samples; filled up to `filled`.
    samples: Vec<f32>,
    filled: usize,
    /// The stream's frame at which the span's first cell starts.
    first_cell: i64,
    best: f32,
    /// The cell of the greatest peak.
    best_at: i64,
    windows: Option<Windows>,
}

/// The greatest height met so far, and the cell where it was met if it was met in this search.
struct Found {
    height: f32,
    at: Option<i64>,
}

impl Found {
    /// Takes a greater one of these heights, the first of which stands in the cell `first`.
    fn raise(&mut self, heights: &[f32], first: i64) {
        let height = loudest(heights, self.height);
        if height > self.height {
            self.height = height;
            self.at = heights.iter().position(|x| x.abs() == height).map(|n| first + n as i64);
        }
    }
}

#[derive(Clone, Debug)]
struct Windows {
    length: i64,
    best: f32,
    done: Vec<f32>,
}

impl TruePeakMeter {
    /// A meter of the greatest peak alone.
    pub fn new(layout: Layout) -> Self {
        TruePeakMeter { channels: vec![Channel::new(None); layout.channels()], look: USUAL }
    }

    /// A meter that also keeps the greatest peak of every `window` frames (at least 1). Costs more, because every
    /// window has its own loudest places to look at.
    pub fn with_windows(layout: Layout, window: u32) -> Self {
        TruePeakMeter { channels: vec![Channel::new(Some(window.max(1))); layout.channels()], look: USUAL }
    }

    /// A meter of the greatest peak alone that looks [closely](super::close) where the usual taps come within 0.5 dB of
    /// it: for who must keep a ceiling, with content above 0.907 of half the sample rate too.
    pub fn close(layout: Layout) -> Self {
        close::prepare();
        TruePeakMeter { look: Look { close: true, ..USUAL }, ..TruePeakMeter::new(layout) }
    }

    /// Both: the greatest peak is looked at closely, and those of the windows by the usual taps, but for the window of the
    /// greatest.
    pub fn close_with_windows(layout: Layout, window: u32) -> Self {
        close::prepare();
        TruePeakMeter { look: Look { close: true, ..USUAL }, ..TruePeakMeter::with_windows(layout, window) }
    }

    /// Reads on. The reading may trail the stream by up to 1220 frames until [`TruePeakMeter::finish`].
    ///
    /// # Panics
    /// When the view has fewer channels than the meter.
    pub fn push(&mut self, view: View<'_>) {
        for (c, channel) in self.channels.iter_mut().enumerate() {
            channel.push(view.channel(c), self.look);
        }
    }

    /// The stream has ended: reads the rest, with silence behind it. What is pushed later is a new stream after
    /// silence, whose windows are counted on from here.
    pub fn finish(&mut self) {
        for channel in &mut self.channels {
            channel.finish(self.look);
        }
    }

    /// The greatest true peak of all channels, linear.
    pub fn max(&self) -> f64 {
        self.channels.iter().map(|channel| f64::from(channel.best)).fold(0.0, f64::max)
    }

    /// What [`TruePeakMeter::max`] would be if the stream ended here. The meter reads on as before; nothing is allocated.
    pub fn max_at_rest(&self) -> f64 {
        self.channels.iter().map(|channel| f64::from(channel.best_at_rest(self.look))).fold(0.0, f64::max)
    }

    /// The greatest true peak of one channel, linear.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn channel_max(&self, channel: usize) -> f64 {
        f64::from(self.channels[channel].best)
    }

    /// The frame from which the greatest true peak of one channel rises: the peak stands there or before the next
    /// frame. 0 while there is none, and before the first frame if the waveform peaks there already.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn channel_max_frame(&self, channel: usize) -> u64 {
        self.channels[channel].best_at.max(0) as u64
    }

    /// The greatest true peak of each window of one channel that has been read so far, linear. The last one may be
    /// shorter than the rest. Empty without windows.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn windows(&self, channel: usize) -> &[f32] {
        self.channels[channel].windows.as_ref().map_or(&[], |windows| &windows.done)
    }

    /// Back to the beginning.
    pub fn reset(&mut self) {
        for channel in &mut self.channels {
            *channel = Channel::new(channel.windows.as_ref().map(|windows| windows.length as u32));
        }
    }
}

impl Windows {
    /// The frame at which the window of a cell ends. What sounds before the first frame belongs to the first window,
    /// and what sounds behind the last (`end`) to the last.
    fn end_of(&self, cell: i64, end: i64) -> i64 {
        let window = cell.clamp(0, (end - 1).max(0)) / self.length;
        let stop = (window + 1) * self.length;
        if stop >= end { i64::MAX } else { stop }
    }

    fn close(&mut self) {
        self.done.push(self.best);
        self.best = 0.0;
    }
}

impl Channel {
    fn new(window: Option<u32>) -> Self {
        let windows = window.map(|length| Windows { length: i64::from(length), best: 0.0, done: Vec::new() });
        let mut channel =
            Channel { samples: vec![0.0; SPAN + 2 * MARGIN], filled: 0, first_cell: 0, best: 0.0, best_at: 0, windows };
        channel.begin();
        channel
    }

    /// A new stream after silence: the cells whose interpolation reaches its first sample come first.
    fn begin(&mut self) {
        self.samples.fill(0.0);
        self.filled = MARGIN + STRETCH;
        self.first_cell = -(STRETCH as i64);
    }

    fn push(&mut self, mut x: &[f32], look: Look) {
        while !x.is_empty() {
            let count = x.len().min(self.samples.len() - self.filled);
            let (now, later) = x.split_at(count);
            self.samples[self.filled..][..count].copy_from_slice(now);
            self.filled += count;
            x = later;
            if self.filled == self.samples.len() {
                self.read_span(i64::MAX, look);
                self.next_span();
            }
        }
    }

    fn next_span(&mut self) {
        self.samples.copy_within(SPAN.., 0);
        self.filled = 2 * MARGIN;
        self.first_cell += SPAN as i64;
    }

    fn finish(&mut self, look: Look) {
        let end = self.first_cell + (self.filled - MARGIN) as i64;
        while self.first_cell < end + REACH as i64 {
            self.samples[self.filled..].fill(0.0);
            self.read_span(end, look);
            self.next_span();
        }
        if let Some(windows) = &mut self.windows
            && end > 0
        {
            windows.close();
        }
        self.begin();
    }

    /// The greatest peak, silence behind what came.
    fn best_at_rest(&self, look: Look) -> f32 {
        let mut samples = [0.0; SPAN + 2 * MARGIN];
        samples[..self.filled].copy_from_slice(&self.samples[..self.filled]);
        let (mut first, mut best) = (self.first_cell, self.best);
        let end = first + (self.filled - MARGIN) as i64;
        while first < end + REACH as i64 {
            let mut sums = [Extremes::default(); SPAN / STRETCH + 2];
            if look.pruned {
                extremes(bounded(&samples), &mut sums);
            }
            let sums = look.pruned.then_some(&sums);
            best = read_cells((&samples, first), 0..SPAN, (best, None), sums, look.close).height;
            samples.copy_within(SPAN.., 0);
            samples[2 * MARGIN..].fill(0.0);
            first += SPAN as i64;
        }
        best
    }

    /// Reads the cells of the span; the stream ends at frame `end`, as far as is known.
    fn read_span(&mut self, end: i64, look: Look) {
        let mut sums = [Extremes::default(); SPAN / STRETCH + 2];
        if look.pruned {
            extremes(bounded(&self.samples), &mut sums);
        }
        let sums = look.pruned.then_some(&sums);
        let Some(mut windows) = self.windows.take() else {
            let found = read_cells((&self.samples, self.first_cell), 0..SPAN, (self.best, None), sums, look.close);
            self.keep(&found);
            return;
        };
        let mut from = 0;
        while from < SPAN {
            let stop = windows.end_of(self.first_cell + from as i64, end);
            let to = (stop.saturating_sub(self.first_cell)).min(SPAN as i64) as usize;
            let span = (&self.samples[..], self.first_cell);
            if look.close {
                let bests = (self.best, Some(&mut windows.best));
                let found = read_cells(span, from..to, bests, sums, true);
                self.keep(&found);
            } else {
                let found = read_cells(span, from..to, (windows.best, None), sums, false);
                windows.best = found.height;
                self.keep(&found);
            }
            if self.first_cell + to as i64 == stop {
                windows.close();
            }
            from = to;
        }
        self.windows = Some(windows);
    }

    fn keep(&mut self, found: &Found) {
        if let Some(at) = found.at.filter(|_| found.height > self.best) {
            (self.best, self.best_at) = (found.height, at);
        }
    }
}

/// The samples of a span and what its bounds depend on.
fn bounded(samples: &[f32]) -> &[f32] {
    &samples[MARGIN - BOUNDS..samples.len() - (MARGIN - BOUNDS)]
}

/// The greatest of `best` and the peaks of some cells of a span that begins with that cell, looking only where a greater
/// one may be. The greatest of a window besides, where that is another: closely where it was looked at closely, else by the
/// usual taps.
fn read_cells(
    (samples, first_cell): (&[f32], i64),
    cells: Range<usize>,
    (best, mut window): (f32, Option<&mut f32>),
    sums: Option<&[Extremes; SPAN / STRETCH + 2]>,
    close: bool,
) -> Found {
    let Range { start: from, end: to } = cells;
    // The samples are points of the waveform too, and raise the bar at once.
    let mut found = Found { height: best, at: None };
    let points = &samples[MARGIN..][from..to];
    found.raise(points, first_cell + from as i64);
    if let Some(window) = &mut window {
        **window = loudest(points, **window);
    }
    for stretch in from / STRETCH..to.div_ceil(STRETCH) {
        let start = stretch * STRETCH;
        let near = if close { found.height * close::NEAR } else { found.height };
        let bar = window.as_ref().map_or(near, |window| near.min(**window));
        if let Some(sums) = sums {
            let next = samples[MARGIN + start + STRETCH];
            if highest(sums[stretch], sums[stretch + 1], sums[stretch + 2], next) <= bar {
                continue;
            }
        }
        let mut peaks = [0.0; STRETCH];
        cell_peaks(&samples[MARGIN + start - REACH..MARGIN + start + STRETCH + REACH], &mut peaks);
        let (first, last) = (from.saturating_sub(start), (to - start).min(STRETCH));
        if !close {
            found.raise(&peaks[first..last], first_cell + (start + first) as i64);
            continue;
        }
        for (cell, coarse) in (start + first..).zip(&mut peaks[first..last]) {
            if *coarse > found.height * close::NEAR {
                let at = MARGIN + cell;
                *coarse = close::cell_peak(&samples[at - close::REACH..at + close::REACH + 2]);
                found.raise(&[*coarse], first_cell + cell as i64);
            }
        }
        if let Some(window) = &mut window {
            **window = loudest(&peaks[first..last], **window);
        }
    }
    found
}

/// The greatest of `best` and the magnitudes.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn loudest(x: &[f32], best: f32) -> f32 {
    let mut lanes = [best; 16];
    let (rows, rest) = x.as_chunks::<16>();
    for row in rows {
        for (lane, x) in lanes.iter_mut().zip(row) {
            *lane = if x.abs() > *lane { x.abs() } else { *lane };
        }
    }
    rest.iter().chain(&lanes).fold(best, |best, x| if x.abs() > best { x.abs() } else { best })
}

#[cfg(test)]
mod tests {
    use super::super::ideal::{self, band_limited};
    use super::*;
    use crate::testing::{noise, sine, stereo_noise};

    fn read(x: &[f32], window: Option<u32>, pruned: bool, block: usize) -> (f64, Vec<f32>) {
        let mut meter = match window {
            Some(window) => TruePeakMeter::with_windows(Layout::Mono, window),
            None => TruePeakMeter::new(Layout::Mono),
        };
        meter.look.pruned = pruned;
        x.chunks(block).for_each(|x| meter.push(View::mono(x)));
        let at_rest = meter.max_at_rest();
        meter.finish();
        assert_eq!(meter.max(), at_rest);
        (meter.max(), meter.windows(0).to_vec())
    }

    /// Something like music: a decaying low tone, a hiss that swells, clicks, and stretches of silence.
    fn music(seed: u64, frames: usize) -> Vec<f32> {
        let hiss = noise(seed, 1.0, frames);
        let mut smooth = 0.0_f32;
        (0..frames)
            .map(|n| {
                let beat = (n % 12_000) as f32 / 12_000.0;
                let tone = (n as f32 * 0.0123).sin() * (1.0 - beat).powi(3);
                smooth += 0.3 * (hiss[n] - smooth);
                let click = if n % 7001 == 0 { 0.6 } else { 0.0 };
                if n % 50_000 > 45_000 { 0.0 } else { (tone * 0.8 + smooth * 0.3 * beat + click).clamp(-0.9, 0.9) }
            })
            .collect()
    }

    #[test]
    fn pruning_changes_no_bit() {
        for seed in 0..4 {
            for x in [noise(seed, 0.7, 60_001), music(seed, 130_000), sine(997.0, 0.5, 48_000, 30_000)] {
                for window in [None, Some(4410), Some(97)] {
                    assert_eq!(read(&x, window, true, 4096), read(&x, window, false, 4096), "window {window:?}");
                }
                let (few, window) = (&x[..5000], Some(1 + 6 * (seed as u32 % 2)));
                assert_eq!(read(few, window, true, 4096), read(few, window, false, 4096), "window {window:?}");
            }
        }
    }

    #[test]
    fn cutting_the_stream_changes_no_bit() {
        let x = music(9, 20_011);
        for window in [None, Some(441)] {
            let whole = read(&x, window, true, usize::MAX);
            for block in [1, 63, 480, 1090, 4096] {
                assert_eq!(read(&x, window, true, block), whole);
            }
        }
    }

    /// Bright noise peaks between the samples up to the edge of the band. Found: the usual taps −0.07…+0.01 dB, closely
    /// ±0.0002 dB.
    #[test]
    fn a_close_look_is_right_to_the_edge_of_the_band() {
        for seed in 0..6 {
            let x = band_limited(&noise(seed, 0.5, 6000), 0.48);
            let ideal = ideal::peak(&x, 64);
            let close = |block: usize| {
                let mut meter = TruePeakMeter::close(Layout::Mono);
                x.chunks(block).for_each(|x| meter.push(View::mono(x)));
                meter.finish();
                assert!((meter.max_at_rest() - meter.max()).abs() == 0.0);
                meter.max()
            };
            let off = |read: f64| 20.0 * (read / ideal).log10();
            println!("usual {:+.4} dB, closely {:+.4} dB", off(read(&x, None, true, 4096).0), off(close(4096)));
            assert!(off(close(4096)).abs() < 0.003, "{:+.4} dB", off(close(4096)));
            assert_eq!(close(97), close(4096));
        }
    }

    /// One pass gives what two meters would: the greatest closely, the windows by the usual taps, however the stream was
    /// cut and whether or not it was pruned.
    #[test]
    fn windows_beside_a_close_look_are_the_usual_ones() {
        for seed in 0..4 {
            let x = [band_limited(&noise(seed, 0.5, 6000), 0.48), music(seed, 30_000)].concat();
            let run = |mut meter: TruePeakMeter, pruned: bool, block: usize| {
                meter.look.pruned = pruned;
                x.chunks(block).for_each(|x| meter.push(View::mono(x)));
                meter.finish();
                (meter.max(), meter.channel_max_frame(0), meter.windows(0).to_vec())
            };
            let both = |pruned, block| run(TruePeakMeter::close_with_windows(Layout::Mono, 441), pruned, block);
            let (max, at, windows) = both(true, 4096);
            assert_eq!(both(false, 97), (max, at, windows.clone()));
            let (alone, place, _) = run(TruePeakMeter::close(Layout::Mono), true, 4096);
            assert_eq!((max, at), (alone, place));
            let (_, _, usual) = run(TruePeakMeter::with_windows(Layout::Mono, 441), true, 4096);
            assert_eq!(windows.len(), usual.len());
            // Where the greatest so far was looked at closely, the window has that: higher where the
            // usual taps read low, lower by what they read high at the edge of the band (0.01 dB).
            assert!(windows.iter().zip(&usual).all(|(closely, usual)| *closely >= 0.998 * usual));
            assert_eq!(windows.iter().copied().fold(0.0_f32, f32::max), max as f32);
        }
    }

    #[test]
    fn windows_cover_the_stream_and_hold_the_maximum() {
        for frames in [1_usize, 100, 1024, 1056, 4410, 4411, 10_000] {
            let x = noise(5, 0.5, frames);
            let (max, windows) = read(&x, Some(441), true, 512);
            assert_eq!(windows.len(), frames.div_ceil(441), "{frames} frames");
            assert_eq!(windows.iter().fold(0.0_f32, |a, b| a.max(*b)), max as f32);
            for (window, samples) in windows.iter().zip(x.chunks(441)) {
                assert!(*window >= loudest(samples, 0.0));
            }
        }
    }

    #[test]
    fn the_place_of_the_peak_is_told() {
        let x = music(4, 60_000);
        let frame = |window: Option<u32>, pruned: bool, block: usize| {
            let mut meter = window.map_or_else(
                || TruePeakMeter::new(Layout::Mono),
                |window| TruePeakMeter::with_windows(Layout::Mono, window),
            );
            meter.look.pruned = pruned;
            x.chunks(block).for_each(|x| meter.push(View::mono(x)));
            meter.finish();
            meter.channel_max_frame(0)
        };
        let at = frame(None, true, 4096);
        let (alone, _) = read(&x[at as usize - 200..at as usize + 200], None, true, 4096);
        assert!((alone - read(&x, None, true, 4096).0).abs() < 1e-6, "the peak stands at frame {at}");
        for (window, pruned, block) in [(None, false, 1), (Some(4800), true, 333), (Some(97), false, 60_000)] {
            assert_eq!(frame(window, pruned, block), at);
        }
    }

    #[test]
    fn an_abrupt_end_is_read_with_its_overshoot() {
        let mut x = vec![0.0; 100];
        x.extend((0..64).map(|n| if n % 2 == 0 { 0.5 } else { -0.5 }));
        let (max, _) = read(&x, None, true, 4096);
        let reversed: Vec<f32> = x.iter().rev().copied().collect();
        let (mirrored, _) = read(&reversed, None, true, 4096);
        assert!(max > 0.6, "{max}");
        assert!((max - mirrored).abs() < 1e-6);
    }

    #[test]
    fn empty_silent_and_broken_streams_are_read_without_fuss() {
        assert_eq!(read(&[], Some(10), true, 1), (0.0, vec![]));
        assert_eq!(read(&[0.0; 5], Some(10), true, 1), (0.0, vec![0.0]));
        let mut x = vec![0.25; 5000];
        x[2000] = f32::NAN;
        x[3000] = f32::INFINITY;
        assert_eq!(read(&x, None, true, 512).0, f64::INFINITY);
    }

    #[test]
    fn two_channels_are_read_apart() {
        let noise = stereo_noise(3, 0.5, 5000);
        let mut meter = TruePeakMeter::new(Layout::Stereo);
        meter.push(noise.view(5000));
        meter.finish();
        for c in 0..2 {
            assert_eq!(meter.channel_max(c), read(noise.channel(c), None, true, 4096).0);
        }
        assert_eq!(meter.max(), meter.channel_max(0).max(meter.channel_max(1)));
        meter.reset();
        assert_eq!(meter.max(), 0.0);
    }
}
