//! Bits into bytes, the most significant first.

/// A packet in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet, at the low end.
    held: u64,
    count: u32,
}

impl Bits {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.held, self.count) = (0, 0);
    }

    /// Appends the low `count` (at most 32) bits of a value.
    #[inline]
    pub(super) fn put(&mut self, value: u32, count: u32) {
        debug_assert!(count <= 32);
        let value = u64::from(value) & ((1_u64 << count) - 1);
        self.held = (self.held << count) | value;
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.held >> self.count) as u8);
        }
    }

    /// Fills the last byte with zeros.
    pub(super) fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }

    /// The whole bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
