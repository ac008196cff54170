//! `f32` onto the integer grid, exactly.
//!
//! A sample times 2^(bits − 1) is exact in `f32`. It is rounded to the nearest whole number, ties to even, and clamped to
//! the range; what had to be clamped is counted. The loops have no branches and become vector code.

use multiversion::multiversion;
use tonmeister_core::View;

use crate::pcm::ByteOrder;

/// What happened on the way to the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quantized {
    /// Samples clamped to full scale.
    pub(crate) clipped: u64,
    /// The first frame that has a sample which is infinite or not a number.
    pub(crate) first_bad: Option<u64>,
}

impl Quantized {
    /// Adds the account of a part that began at frame `at`.
    pub(crate) fn add(&mut self, part: Quantized, at: u64) {
        self.clipped += part.clipped;
        self.first_bad = self.first_bad.or(part.first_bad.map(|frame| frame + at));
    }
}

/// Appends 16-bit frames.
pub(crate) fn to_i16_bytes(audio: View<'_>, order: ByteOrder, out: &mut Vec<u8>) -> Quantized {
    interleave::<2>(audio, out, |[left, right], bytes| match order {
        ByteOrder::Little => encode(left, right, bytes, 15, |value| (value as i16).to_le_bytes()),
        ByteOrder::Big => encode(left, right, bytes, 15, |value| (value as i16).to_be_bytes()),
    })
}

/// Appends 24-bit frames.
pub(crate) fn to_i24_bytes(audio: View<'_>, order: ByteOrder, out: &mut Vec<u8>) -> Quantized {
    interleave::<3>(audio, out, |[left, right], bytes| match order {
        ByteOrder::Little => encode_with::<3>(left, right, bytes, 23, pack_24),
        ByteOrder::Big => encode(left, right, bytes, 23, |value| {
            let [a, b, c, _] = value.to_le_bytes();
            [c, b, a]
        }),
    })
}

/// Appends 32-bit float frames.
pub(crate) fn to_f32_bytes(audio: View<'_>, order: ByteOrder, out: &mut Vec<u8>) -> Quantized {
    let spread = |left: &[f32], right: &[f32], bytes: &mut [u8], pack: fn(f32) -> [u8; 4]| {
        let (samples, _) = bytes.as_chunks_mut::<4>();
        if right.is_empty() {
            samples.iter_mut().zip(left).for_each(|(out, s)| *out = pack(*s));
        } else {
            let (pairs, _) = samples.as_chunks_mut::<2>();
            for ((out, l), r) in pairs.iter_mut().zip(left).zip(right) {
                *out = [pack(*l), pack(*r)];
            }
        }
    };
    interleave::<4>(audio, out, |[left, right], bytes| {
        match order {
            ByteOrder::Little => spread(left, right, bytes, f32::to_le_bytes),
            ByteOrder::Big => spread(left, right, bytes, f32::to_be_bytes),
        }
        0
    })
}

/// Only looks for samples that are no numbers, for encoders that take the lanes as they are.
pub(crate) fn check(audio: View<'_>) -> Quantized {
    Quantized { clipped: 0, first_bad: first_bad(audio) }
}

/// Appends interleaved floats as they are, for lossy encoders; counts nothing as clipped.
pub(crate) fn to_floats(audio: View<'_>, out: &mut Vec<f32>) -> Quantized {
    let first_bad = first_bad(audio);
    if first_bad.is_none() {
        let [left, right] = lanes(audio);
        if right.is_empty() {
            out.extend_from_slice(left);
        } else {
            out.extend(left.iter().zip(right).flat_map(|(l, r)| [*l, *r]));
        }
    }
    Quantized { clipped: 0, first_bad }
}

/// Appends interleaved 32-bit integers on a grid of that many bits, for encoders that take them.
pub(crate) fn to_integers(audio: View<'_>, bits: u32, out: &mut Vec<i32>) -> Quantized {
    let first_bad = first_bad(audio);
    let [left, right] = lanes(audio);
    let mut clipped = 0;
    if first_bad.is_none() {
        let start = out.len();
        out.resize(start + audio.frames() * audio.layout().channels(), 0);
        clipped = grid(left, right, &mut out[start..], bits - 1);
    }
    Quantized { clipped, first_bad }
}

/// Makes room for the frames and lets `fill` write them, unless a sample is no number.
fn interleave<const N: usize>(
    audio: View<'_>,
    out: &mut Vec<u8>,
    fill: impl Fn([&[f32]; 2], &mut [u8]) -> u64,
) -> Quantized {
    let first_bad = first_bad(audio);
    if first_bad.is_some() {
        return Quantized { clipped: 0, first_bad };
    }
    let start = out.len();
    out.resize(start + audio.frames() * audio.layout().channels() * N, 0);
    Quantized { clipped: fill(lanes(audio), &mut out[start..]), first_bad: None }
}

/// Left and right; the right lane is empty for mono.
fn lanes(audio: View<'_>) -> [&[f32]; 2] {
    let mut channels = audio.channels();
    [channels.next().unwrap_or(&[]), channels.next().unwrap_or(&[])]
}

fn first_bad(audio: View<'_>) -> Option<u64> {
    audio.channels().filter_map(crate::pcm::first_non_finite).min().map(|frame| frame as u64)
}

/// The nearest whole number within the range, and 1 if the sample lay outside it.
#[expect(clippy::inline_always, reason = "must take on the vector width of the kernel it is used in")]
#[inline(always)]
fn nearest(sample: f32, steps: f32) -> (i32, u32) {
    let rounded = (sample * steps).round_ties_even();
    let clamped = rounded.clamp(-steps, steps - 1.0);
    (clamped as i32, u32::from(clamped != rounded))
}

#[multiversion(targets = "simd")]
fn grid(left: &[f32], right: &[f32], out: &mut [i32], shift: u32) -> u64 {
    let steps = (1_u32 << shift) as f32;
    // As wide as the samples, so that it keeps their pace: a call brings a few thousand.
    let mut clipped = 0_u32;
    if right.is_empty() {
        for (out, s) in out.iter_mut().zip(left) {
            let (value, over) = nearest(*s, steps);
            *out = value;
            clipped += over;
        }
    } else {
        let (pairs, _) = out.as_chunks_mut::<2>();
        for ((out, l), r) in pairs.iter_mut().zip(left).zip(right) {
            let ((a, over_a), (b, over_b)) = (nearest(*l, steps), nearest(*r, steps));
            *out = [a, b];
            clipped += over_a + over_b;
        }
    }
    u64::from(clipped)
}

/// Rounds, then packs value by value.
fn encode<const N: usize>(
    left: &[f32],
    right: &[f32],
    bytes: &mut [u8],
    shift: u32,
    pack: impl Fn(i32) -> [u8; N] + Copy,
) -> u64 {
    encode_with::<N>(left, right, bytes, shift, |values, bytes| {
        let (samples, _) = bytes.as_chunks_mut::<N>();
        samples.iter_mut().zip(values).for_each(|(out, value)| *out = pack(*value));
    })
}

/// Packs values of 24 bits, the lowest byte first: eight of them fill three words.
fn pack_24(values: &[i32], bytes: &mut [u8]) {
    let (eights, rest) = values.as_chunks::<8>();
    let (rows, tail) = bytes.as_chunks_mut::<24>();
    for (row, eight) in rows.iter_mut().zip(eights) {
        let [a, b, c, d, e, f, g, h] = eight.map(|value| u64::from(value as u32 & 0xFF_FFFF));
        let words = [a | b << 24 | c << 48, c >> 16 | d << 8 | e << 32 | f << 56, f >> 8 | g << 16 | h << 40];
        let (out, _) = row.as_chunks_mut::<8>();
        out.iter_mut().zip(words).for_each(|(out, word)| *out = word.to_le_bytes());
    }
    let (samples, _) = tail.as_chunks_mut::<3>();
    for (out, value) in samples.iter_mut().zip(rest) {
        let [low, middle, high, _] = value.to_le_bytes();
        *out = [low, middle, high];
    }
}

/// Rounds in pieces that stay in the first cache, then packs each piece into bytes, `N` a value.
fn encode_with<const N: usize>(
    left: &[f32],
    right: &[f32],
    bytes: &mut [u8],
    shift: u32,
    pack: impl Fn(&[i32], &mut [u8]),
) -> u64 {
    const PIECE: usize = 512;
    let mut values = [0_i32; 2 * PIECE];
    let channels = if right.is_empty() { 1 } else { 2 };
    let mut clipped = 0;
    for (index, bytes) in bytes.chunks_mut(PIECE * channels * N).enumerate() {
        let from = index * PIECE;
        let frames = bytes.len() / (channels * N);
        let right = if right.is_empty() { right } else { &right[from..from + frames] };
        let values = &mut values[..frames * channels];
        clipped += grid(&left[from..from + frames], right, values, shift);
        pack(values, bytes);
    }
    clipped
}
