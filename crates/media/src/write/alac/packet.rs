//! One packet: the ways that are tried, and the smallest of them.

use super::bits::Bits;
use super::golomb::{Count, code};
use super::lpc;
use super::predict::{self, MOST};

/// The weights of the stereo mix are quarters.
const MIX_BITS: u32 = 2;
/// Numbers of coefficients that are tried.
const ORDERS: [usize; 2] = [8, 16];
/// Elements of a packet (as in AAC): one channel, two channels, the end.
const ONE: u32 = 0;
const TWO: u32 = 1;
const END: u32 = 7;

/// Makes packets, one after the other.
pub(super) struct Encoder {
    depth: u32,
    channels: usize,
    lanes: Vec<Lane>,
    /// What the predictor had learned at the end of the packet before, for each channel and order.
    learned: Vec<[[i16; MOST]; ORDERS.len()]>,
    low: Vec<u32>,
    trial: Vec<i32>,
    out: Bits,
}

/// One channel on its way: its numbers, and the best that was found for them.
#[derive(Default)]
struct Lane {
    numbers: Vec<i32>,
    missed: Vec<i32>,
    /// The coefficients that the best way begins with.
    coefficients: Vec<i16>,
    /// The bits of its codes.
    cost: u64,
}

impl Encoder {
    pub(super) fn new(depth: u32, channels: usize) -> Encoder {
        let lanes = (0..channels).map(|_| Lane::default()).collect();
        let learned = vec![ORDERS.map(predict::first); channels];
        Encoder { depth, channels, lanes, learned, low: Vec::new(), trial: Vec::new(), out: Bits::default() }
    }

    /// Encodes interleaved samples: at most a packet's frames.
    pub(super) fn packet(&mut self, samples: &[i32]) -> &[u8] {
        // Numbers of 16 bits are what predictor and codes are made for. Of 24 bits the low byte is stored as it is, unless the
        // sound is so soft that it fits 16 bits anyway.
        let soft = samples.iter().all(|s| s.unsigned_abs() < 1 << 15);
        let shift = if self.depth > 16 && !soft { 8 } else { 0 };
        self.low.clear();
        if shift > 0 {
            self.low.extend(samples.iter().map(|s| *s as u32 & 0xFF));
        }
        let mix = self.split(samples, shift);
        let size = self.depth - shift + (self.channels as u32 - 1);
        let mut fits = true;
        for channel in 0..self.channels {
            fits &= self.search(channel, size);
        }
        let frames = samples.len() / self.channels;
        let codes: u64 = self.lanes.iter().map(|lane| lane.cost + 16 + 16 * lane.coefficients.len() as u64).sum();
        let plain = u64::from(self.depth) * samples.len() as u64;
        self.out.clear();
        if fits && codes + 16 + u64::from(shift) * (self.low.len() as u64) < plain {
            self.write_coded(frames, mix, shift, size);
        } else {
            self.write_plain(samples, frames);
        }
        self.out.put(END, 3);
        self.out.align();
        self.out.bytes()
    }

    /// Fills the lanes: mono as it is, stereo by the weight (in quarters) that promises the smallest numbers.
    fn split(&mut self, samples: &[i32], shift: u32) -> i32 {
        if self.channels == 1 {
            let lane = &mut self.lanes[0].numbers;
            lane.clear();
            lane.extend(samples.iter().map(|s| s >> shift));
            return 0;
        }
        let (pairs, _) = samples.as_chunks::<2>();
        let pair = |pair: &[i32; 2]| [pair[0] >> shift, pair[1] >> shift];
        // The size of what a plain predictor of second order misses tells what a better one will.
        let promise = |weight: i32| -> u64 {
            let (mut sums, mut before, mut earlier) = ([0_u64; 2], [0_i32; 2], [0_i32; 2]);
            for frame in pairs {
                let now = mixed(pair(frame), weight);
                for c in 0..2 {
                    sums[c] += u64::from((now[c] - 2 * before[c] + earlier[c]).unsigned_abs());
                }
                (earlier, before) = (before, now);
            }
            sums.iter().map(|sum| ((*sum as f64 / pairs.len() as f64 + 1.0).log2() * 1024.0) as u64).sum()
        };
        let weight = (0..=4).min_by_key(|weight| promise(*weight)).unwrap_or(0);
        let [left, right] = &mut self.lanes[..] else { return weight };
        left.numbers.clear();
        right.numbers.clear();
        for frame in pairs {
            let [a, b] = mixed(pair(frame), weight);
            left.numbers.push(a);
            right.numbers.push(b);
        }
        weight
    }

    /// Tries what was learned and what linear prediction computes, with each number of coefficients.
    fn search(&mut self, channel: usize, size: u32) -> bool {
        let lane = &mut self.lanes[channel];
        lane.cost = u64::MAX;
        let most = ORDERS[ORDERS.len() - 1];
        let computed = lpc::coefficients(&lane.numbers, most);
        for (order, learned) in ORDERS.into_iter().zip(&mut self.learned[channel]) {
            let fresh = computed.as_ref().map(|all| all[order - 1]);
            let mut keep = *learned;
            let mut best = u64::MAX;
            for start in [Some(*learned), fresh].into_iter().flatten() {
                let mut coefficients = start;
                let mut count = Count::default();
                let fits = predict::run(&lane.numbers, &mut coefficients[..order], size, &mut self.trial)
                    && code(&self.trial, size, &mut count);
                if !fits {
                    continue;
                }
                let cost = count.0 + 16 * order as u64;
                if cost < best {
                    best = cost;
                    keep = coefficients;
                }
                if lane.cost == u64::MAX || cost < lane.cost + 16 * lane.coefficients.len() as u64 {
                    lane.cost = count.0;
                    lane.coefficients.clear();
                    lane.coefficients.extend_from_slice(&start[..order]);
                    std::mem::swap(&mut lane.missed, &mut self.trial);
                }
            }
            *learned = if best == u64::MAX { predict::first(order) } else { keep };
        }
        lane.cost != u64::MAX
    }

    fn head(&mut self, frames: usize, bytes_aside: u32, plain: bool) {
        self.out.put(if self.channels == 2 { TWO } else { ONE }, 3);
        // The element's number, and bits that are always 0.
        self.out.put(0, 4 + 12);
        let short = frames < super::PACKET;
        self.out.put(u32::from(short) << 3 | bytes_aside << 1 | u32::from(plain), 4);
        if short {
            self.out.put(frames as u32, 32);
        }
    }

    fn write_coded(&mut self, frames: usize, mix: i32, shift: u32, size: u32) {
        self.head(frames, shift / 8, false);
        self.out.put(if self.channels == 2 { MIX_BITS } else { 0 }, 8);
        self.out.put(mix as u32, 8);
        for lane in &self.lanes {
            // Mode 0; the mean follows at the cookie's own pace, which is a factor of four quarters.
            self.out.put(predict::SHIFT, 8);
            self.out.put(4 << 5 | lane.coefficients.len() as u32, 8);
            for coefficient in &lane.coefficients {
                self.out.put(*coefficient as u16 as u32, 16);
            }
        }
        for low in &self.low {
            self.out.put(*low, shift);
        }
        for lane in &self.lanes {
            code(&lane.missed, size, &mut self.out);
        }
    }

    fn write_plain(&mut self, samples: &[i32], frames: usize) {
        self.head(frames, 0, true);
        for sample in samples {
            self.out.put(*sample as u32, self.depth);
        }
    }
}

/// Left and right as a weighted mean and a difference; weight 0 leaves them as they are.
#[inline]
fn mixed([left, right]: [i32; 2], weight: i32) -> [i32; 2] {
    if weight == 0 {
        return [left, right];
    }
    [(weight * left + ((1 << MIX_BITS) - weight) * right) >> MIX_BITS, left - right]
}
