//! Chance, from a seed: the drummer's hands, the singer's breath, the wires of the snare, and which X is which.

/// A generator of random numbers (`SplitMix64`: Steele, Lea, Flood, OOPSLA 2014).
#[derive(Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The same seed always tells the same story.
    pub(crate) fn new(seed: u64) -> Self {
        Random { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d }
    }

    #[inline]
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly from 0 to 1; white noise when it is taken at every frame and centered.
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Evenly from −1 to 1.
    #[inline]
    pub(crate) fn signed(&mut self) -> f64 {
        self.unit() * 2.0 - 1.0
    }

    /// Around 0, mostly within ±1: the sum of three throws, as a hand errs.
    pub(crate) fn human(&mut self) -> f64 {
        self.signed() + self.signed() + self.signed()
    }
}
