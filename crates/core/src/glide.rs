//! A value that travels in a straight line, sample by sample.

/// A parameter's value in time: at rest, or on its way to a target in equal steps per frame.
///
/// Steps are counted, not summed by block, so the values are the same however the audio is cut into blocks.
#[derive(Clone, Copy, Debug)]
pub struct Glide {
    from: f64,
    target: f64,
    length: u32,
    passed: u32,
}

impl Glide {
    /// At rest on `value`.
    pub fn new(value: f64) -> Self {
        Glide { from: value, target: value, length: 0, passed: 0 }
    }

    /// Starts for `target`, to be there after `frames` frames; 0 is a jump.
    pub fn to(&mut self, target: f64, frames: u32) {
        self.from = self.value();
        self.target = target;
        self.length = frames;
        self.passed = 0;
    }

    /// The value now.
    #[inline]
    pub fn value(&self) -> f64 {
        if self.passed >= self.length {
            self.target
        } else {
            self.from + (self.target - self.from) * (f64::from(self.passed) / f64::from(self.length))
        }
    }

    /// Moves one frame on, then gives the value: the target is reached after exactly the frames asked for.
    #[inline]
    pub fn step(&mut self) -> f64 {
        if self.passed < self.length {
            self.passed += 1;
        }
        self.value()
    }

    /// Moves `frames` on at once.
    #[inline]
    pub fn advance(&mut self, frames: u32) {
        self.passed = self.passed.saturating_add(frames).min(self.length);
    }

    /// Whether it still moves.
    #[inline]
    pub fn moving(&self) -> bool {
        self.passed < self.length && self.from != self.target
    }

    /// Where it is going, or rests.
    #[inline]
    pub fn target(&self) -> f64 {
        self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glide_arrives_on_its_frame_and_stays() {
        let mut glide = Glide::new(0.0);
        glide.to(1.0, 4);
        let values: Vec<f64> = (0..6).map(|_| glide.step()).collect();
        assert_eq!(values, [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
        assert!(!glide.moving());
    }

    #[test]
    fn a_new_target_starts_from_where_it_is() {
        let mut glide = Glide::new(0.0);
        glide.to(1.0, 2);
        glide.step();
        glide.to(0.0, 2);
        assert_eq!(glide.step(), 0.25);
        glide.to(3.0, 0);
        assert_eq!(glide.value(), 3.0);
    }
}
