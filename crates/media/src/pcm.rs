//! Uncompressed samples: bytes of every linear kind to planar `f32`, and back.
//!
//! Integers of `n` bits are fractions of 2ⁿ⁻¹, so full scale is exactly −1 and one step short of +1; up to 24 bits the
//! conversion is exact in both directions. 32-bit integers and 64-bit floats round to the nearest `f32` (an error 150 dB
//! below the sample itself).
//!
//! Reading dominates a mixdown of many tracks, so each kernel converts and deinterleaves in one pass, in a loop that the
//! compiler turns into vector code for the machine it runs on. No kernel uses fused multiply-add: every machine gives
//! the same bits.

use multiversion::multiversion;

/// How one sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// 8 bits, offset binary (128 is silence).
    U8,
    /// 8 bits, two's complement.
    I8,
    /// 16 bits.
    I16,
    /// 24 bits packed in three bytes.
    I24,
    /// 32 bits.
    I32,
    /// 32-bit IEEE float.
    F32,
    /// 64-bit IEEE float.
    F64,
}

impl Encoding {
    /// Bytes per sample.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Encoding::U8 | Encoding::I8 => 1,
            Encoding::I16 => 2,
            Encoding::I24 => 3,
            Encoding::I32 | Encoding::F32 => 4,
            Encoding::F64 => 8,
        }
    }

    /// Whether a sample may be infinite or not a number.
    pub(crate) const fn float(self) -> bool {
        matches!(self, Encoding::F32 | Encoding::F64)
    }

    /// The integer encoding of that many bytes (one byte is offset binary as in WAV).
    pub(crate) const fn integer(bytes: usize) -> Option<Encoding> {
        match bytes {
            1 => Some(Encoding::U8),
            2 => Some(Encoding::I16),
            3 => Some(Encoding::I24),
            4 => Some(Encoding::I32),
            _ => None,
        }
    }
}

/// Which byte of a sample comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    /// The least significant (WAV).
    Little,
    /// The most significant (AIFF).
    Big,
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pcm {
    pub(crate) encoding: Encoding,
    pub(crate) order: ByteOrder,
}

impl Pcm {
    /// Converts interleaved frames of any number of channels. `bytes` holds exactly as many as the lanes have room for;
    /// `scratch` keeps its memory from call to call, and is used for more than two channels only.
    pub(crate) fn decode(self, bytes: &[u8], lanes: &mut [&mut [f32]], scratch: &mut Vec<f32>) {
        match lanes {
            [mono] => self.decode_pair(bytes, mono, None),
            [left, right] => self.decode_pair(bytes, left, Some(right)),
            lanes => {
                scratch.resize(bytes.len() / self.encoding.bytes(), 0.0);
                self.decode_pair(bytes, scratch, None);
                let channels = lanes.len();
                for (c, lane) in lanes.iter_mut().enumerate() {
                    for (out, sample) in lane.iter_mut().zip(scratch.iter().skip(c).step_by(channels)) {
                        *out = *sample;
                    }
                }
            }
        }
    }

    /// One lane is mono, two are left and right.
    fn decode_pair(self, bytes: &[u8], left: &mut [f32], right: Option<&mut [f32]>) {
        use ByteOrder::{Big, Little};
        match (self.encoding, self.order) {
            (Encoding::U8, _) => spread::<1>(bytes, left, right, |b| (f32::from(b[0]) - 128.0) * I8_STEP),
            (Encoding::I8, _) => spread::<1>(bytes, left, right, |b| f32::from(b[0] as i8) * I8_STEP),
            (Encoding::I16, Little) => decode_i16(bytes, left, right),
            (Encoding::I16, Big) => spread::<2>(bytes, left, right, |b| f32::from(i16::from_be_bytes(b)) * I16_STEP),
            (Encoding::I24, Little) => decode_i24(bytes, left, right),
            (Encoding::I24, Big) => {
                spread::<3>(bytes, left, right, |b| i32::from_be_bytes([b[0], b[1], b[2], 0]) as f32 * I32_STEP);
            }
            (Encoding::I32, Little) => decode_i32(bytes, left, right),
            (Encoding::I32, Big) => spread::<4>(bytes, left, right, |b| i32::from_be_bytes(b) as f32 * I32_STEP),
            (Encoding::F32, Little) => decode_f32(bytes, left, right),
            (Encoding::F32, Big) => spread::<4>(bytes, left, right, f32::from_be_bytes),
            (Encoding::F64, Little) => spread::<8>(bytes, left, right, |b| f64::from_le_bytes(b) as f32),
            (Encoding::F64, Big) => spread::<8>(bytes, left, right, |b| f64::from_be_bytes(b) as f32),
        }
    }
}

const I8_STEP: f32 = 1.0 / 128.0;
const I16_STEP: f32 = 1.0 / 32_768.0;
const I32_STEP: f32 = 1.0 / 2_147_483_648.0;

/// One conversion, one or two lanes.
#[expect(clippy::inline_always, reason = "must take on the vector width of the kernel it is used in")]
#[inline(always)]
fn spread<const N: usize>(
    bytes: &[u8],
    left: &mut [f32],
    right: Option<&mut [f32]>,
    convert: impl Fn([u8; N]) -> f32 + Copy,
) {
    let (samples, _) = bytes.as_chunks::<N>();
    match right {
        None => left.iter_mut().zip(samples).for_each(|(out, sample)| *out = convert(*sample)),
        Some(right) => {
            let (pairs, _) = samples.as_chunks::<2>();
            for ((l, r), pair) in left.iter_mut().zip(right).zip(pairs) {
                *l = convert(pair[0]);
                *r = convert(pair[1]);
            }
        }
    }
}

#[multiversion(targets = "simd")]
fn decode_i16(bytes: &[u8], left: &mut [f32], right: Option<&mut [f32]>) {
    spread::<2>(bytes, left, right, |b| f32::from(i16::from_le_bytes(b)) * I16_STEP);
}

#[multiversion(targets = "simd")]
fn decode_i32(bytes: &[u8], left: &mut [f32], right: Option<&mut [f32]>) {
    spread::<4>(bytes, left, right, |b| i32::from_le_bytes(b) as f32 * I32_STEP);
}

#[multiversion(targets = "simd")]
fn decode_f32(bytes: &[u8], left: &mut [f32], right: Option<&mut [f32]>) {
    spread::<4>(bytes, left, right, f32::from_le_bytes);
}

/// Four samples of three bytes are three words; shifts and masks put each sample into the upper 24 bits of one, which
/// is its value times 2⁸. Byte by byte the compiler finds no vectors here.
#[multiversion(targets = "simd")]
fn decode_i24(bytes: &[u8], left: &mut [f32], right: Option<&mut [f32]>) {
    let (groups, rest) = bytes.as_chunks::<12>();
    let one = |b: [u8; 3]| i32::from_le_bytes([0, b[0], b[1], b[2]]) as f32 * I32_STEP;
    match right {
        None => {
            let (quads, tail) = left.as_chunks_mut::<4>();
            for (out, group) in quads.iter_mut().zip(groups) {
                *out = four_i24(*group);
            }
            spread::<3>(rest, tail, None, one);
        }
        Some(right) => {
            let (lefts, left_tail) = left.as_chunks_mut::<2>();
            let (rights, right_tail) = right.as_chunks_mut::<2>();
            for ((l, r), group) in lefts.iter_mut().zip(rights).zip(groups) {
                let [a, b, c, d] = four_i24(*group);
                *l = [a, c];
                *r = [b, d];
            }
            spread::<3>(rest, left_tail, Some(right_tail), one);
        }
    }
}

#[expect(clippy::inline_always, reason = "must take on the vector width of the kernel it is used in")]
#[inline(always)]
fn four_i24(group: [u8; 12]) -> [f32; 4] {
    let word = |at: usize| u32::from_le_bytes([group[at], group[at + 1], group[at + 2], group[at + 3]]);
    let (a, b, c) = (word(0), word(4), word(8));
    let high = [a << 8, ((b << 16) | (a >> 16)) & !0xFF, ((c << 24) | (b >> 8)) & !0xFF, c & !0xFF];
    high.map(|word| word as i32 as f32 * I32_STEP)
}

/// The first frame with a sample that is infinite or not a number, if there is one.
pub(crate) fn first_non_finite(lane: &[f32]) -> Option<usize> {
    // The sum of the bits' tests is cheap and almost always clean; only then is the place looked for.
    if any_non_finite(lane) { lane.iter().position(|s| !s.is_finite()) } else { None }
}

#[multiversion(targets = "simd")]
fn any_non_finite(lane: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7F80_0000;
    lane.iter().fold(0_u32, |found, s| found | u32::from(s.to_bits() & EXPONENT == EXPONENT)) != 0
}

/// How many samples are infinite or not a number.
pub(crate) fn count_non_finite(lane: &[f32]) -> u64 {
    if any_non_finite(lane) { lane.iter().filter(|s| !s.is_finite()).count() as u64 } else { 0 }
}

/// Sets infinite samples and those that are not numbers to zero; returns how many there were.
pub(crate) fn silence_non_finite(lane: &mut [f32]) -> u64 {
    let mut count = 0;
    if any_non_finite(lane) {
        for sample in lane.iter_mut().filter(|s| !s.is_finite()) {
            *sample = 0.0;
            count += 1;
        }
    }
    count
}
