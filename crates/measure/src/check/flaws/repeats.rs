//! Buffers that were played twice: what is heard is, bit for bit, what was heard just before, once.
//!
//! Every stretch of 32 samples has a number (a polynomial of its bits that rolls along, Karp & Rabin, IBM J. Res.
//! Dev. 31(2), 1987) under which its place is remembered. When a number comes again, the samples are compared, and the
//! match is followed to its end. A match that is as long as the way back is a buffer played twice; one that goes on
//! longer is a loop.

/// Samples that must match at least.
const PROBE: usize = 32;
/// The shortest buffer.
const SHORTEST: usize = 48;
/// How many places are remembered.
const MEMORY: usize = 1 << 14;
const FACTOR: u32 = 0x9e37_79b1;
/// The match may be so much longer, by chance.
const CHANCE: usize = 2;
/// The greatest sample of a buffer that counts: −54 dBFS.
const LOUD: f32 = 2e-3;

pub(super) struct Repeats {
    samples: Vec<f32>,
    first: u64,
    /// The next sample to be heard.
    at: usize,
    hash: u32,
    /// `FACTOR` to the power of [`PROBE`].
    leaving: u32,
    memory: Vec<u64>,
    longest: usize,
    /// The way back and the first sample of the match that is being followed.
    following: Option<(usize, u64)>,
    found: Vec<(u64, u64)>,
}

impl Repeats {
    pub(super) fn new(longest: usize) -> Self {
        Repeats {
            samples: Vec::new(),
            first: 0,
            at: 0,
            hash: 0,
            leaving: FACTOR.wrapping_pow(PROBE as u32),
            memory: vec![u64::MAX; MEMORY],
            longest,
            following: None,
            found: Vec::new(),
        }
    }

    pub(super) fn hear(&mut self, more: &[f32]) {
        self.samples.extend_from_slice(more);
        while self.at < self.samples.len() {
            self.step();
            self.at += 1;
        }
        let over = self.at.saturating_sub(2 * self.longest + PROBE);
        if over > 16_384 {
            self.samples.drain(..over);
            self.first += over as u64;
            self.at -= over;
        }
    }

    /// First frame and length of the second hearing of each.
    pub(super) fn finish(&mut self) -> Vec<(u64, u64)> {
        std::mem::take(&mut self.found)
    }

    #[inline]
    fn step(&mut self) {
        let (at, x) = (self.at, &self.samples);
        let left = if at >= PROBE { x[at - PROBE].to_bits().wrapping_mul(self.leaving) } else { 0 };
        self.hash = self.hash.wrapping_mul(FACTOR).wrapping_add(x[at].to_bits()).wrapping_sub(left);
        let frame = self.first + at as u64;
        let slot = (self.hash.wrapping_mul(0x85eb_ca6b) >> 18) as usize;
        let known = std::mem::replace(&mut self.memory[slot], frame);
        if let Some((lag, from)) = self.following {
            if x[at] == x[at - lag] {
                return;
            }
            self.following = None;
            self.judge(lag, from, frame);
        } else if known < frame && frame - known <= self.longest as u64 && at >= PROBE {
            self.follow((frame - known) as usize);
        }
    }

    /// Follows a match, if it is one and has something to tell.
    fn follow(&mut self, lag: usize) {
        let (at, x) = (self.at, &self.samples);
        let Some(earliest) = (at + 1).checked_sub(PROBE + lag) else { return };
        let (now, then) = (&x[at + 1 - PROBE..=at], &x[earliest..earliest + PROBE]);
        let moves = now.windows(2).filter(|p| p[0] != p[1]).count();
        if now != then || moves < PROBE / 2 {
            return;
        }
        let from = (lag..=at).rev().take_while(|n| x[*n] == x[*n - lag]).last().unwrap_or(at);
        self.following = Some((lag, self.first + from as u64));
    }

    fn judge(&mut self, lag: usize, from: u64, to: u64) {
        let length = (to - from) as usize;
        let Some(start) = from.checked_sub(self.first) else { return };
        let part = &self.samples[start as usize..start as usize + length];
        let loud = part.iter().any(|s| s.abs() >= LOUD);
        if lag >= SHORTEST && loud && (lag..=lag + CHANCE).contains(&length) && self.found.len() < super::PLACES {
            self.found.push((from, length as u64));
        }
    }
}
