//! Planar `f32` audio: [`Buffer`] owns it, [`Block`] lends it to be changed, [`View`] lends it to be read.

/// How many channels a signal has. More than two is refused where files are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One channel.
    Mono,
    /// Left and right.
    Stereo,
}

impl Layout {
    /// 1 or 2.
    #[inline]
    pub const fn channels(self) -> usize {
        match self {
            Layout::Mono => 1,
            Layout::Stereo => 2,
        }
    }

    /// The layout with that many channels, if there is one.
    pub const fn of_channels(channels: usize) -> Option<Layout> {
        match channels {
            1 => Some(Layout::Mono),
            2 => Some(Layout::Stereo),
            _ => None,
        }
    }
}

/// A stretch of audio that may be changed in place: one slice per channel, all of one length.
#[derive(Debug)]
pub struct Block<'a> {
    // A mono block keeps an empty second lane, so that a block is never allocated.
    lanes: [&'a mut [f32]; 2],
    layout: Layout,
}

impl<'a> Block<'a> {
    /// A block of one channel.
    pub fn mono(samples: &'a mut [f32]) -> Self {
        Block { lanes: [samples, &mut []], layout: Layout::Mono }
    }

    /// A block of two channels.
    ///
    /// # Panics
    /// When the channels differ in length: that is a fault of the caller, not of the audio.
    pub fn stereo(left: &'a mut [f32], right: &'a mut [f32]) -> Self {
        assert_eq!(left.len(), right.len(), "channels of one block have one length");
        Block { lanes: [left, right], layout: Layout::Stereo }
    }

    /// How many channels.
    #[inline]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// How many frames.
    #[inline]
    pub fn frames(&self) -> usize {
        self.lanes[0].len()
    }

    /// One channel to read. Channel 0 is left or mono.
    #[inline]
    pub fn channel(&self, channel: usize) -> &[f32] {
        debug_assert!(channel < self.layout.channels());
        self.lanes[channel]
    }

    /// One channel to change.
    #[inline]
    pub fn channel_mut(&mut self, channel: usize) -> &mut [f32] {
        debug_assert!(channel < self.layout.channels());
        self.lanes[channel]
    }

    /// Every channel in turn, to change.
    #[inline]
    pub fn channels_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.lanes.iter_mut().take(self.layout.channels()).map(|lane| &mut **lane)
    }

    /// Every channel in turn, to read.
    #[inline]
    pub fn channels(&self) -> impl Iterator<Item = &[f32]> {
        self.lanes.iter().take(self.layout.channels()).map(|lane| &**lane)
    }

    /// Left and right together; `None` for a mono block.
    #[inline]
    pub fn pair_mut(&mut self) -> Option<(&mut [f32], &mut [f32])> {
        match self.layout {
            Layout::Mono => None,
            Layout::Stereo => {
                let [left, right] = &mut self.lanes;
                Some((left, right))
            }
        }
    }

    /// The frames `from..to` as a block of their own.
    #[inline]
    pub fn part(&mut self, from: usize, to: usize) -> Block<'_> {
        let layout = self.layout;
        let [left, right] = &mut self.lanes;
        let right = match layout {
            Layout::Mono => &mut [],
            Layout::Stereo => &mut right[from..to],
        };
        Block { lanes: [&mut left[from..to], right], layout }
    }

    /// The same audio, to read.
    #[inline]
    pub fn view(&self) -> View<'_> {
        View { lanes: [&*self.lanes[0], &*self.lanes[1]], layout: self.layout }
    }

    /// Sets every sample to zero.
    pub fn silence(&mut self) {
        for channel in self.channels_mut() {
            channel.fill(0.0);
        }
    }
}

/// A stretch of audio to read: one slice per channel, all of one length.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    lanes: [&'a [f32]; 2],
    layout: Layout,
}

impl<'a> View<'a> {
    /// A view of one channel.
    pub fn mono(samples: &'a [f32]) -> Self {
        View { lanes: [samples, &[]], layout: Layout::Mono }
    }

    /// A view of two channels.
    ///
    /// # Panics
    /// When the channels differ in length.
    pub fn stereo(left: &'a [f32], right: &'a [f32]) -> Self {
        assert_eq!(left.len(), right.len(), "channels of one view have one length");
        View { lanes: [left, right], layout: Layout::Stereo }
    }

    /// How many channels.
    #[inline]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// How many frames.
    #[inline]
    pub fn frames(&self) -> usize {
        self.lanes[0].len()
    }

    /// One channel. Channel 0 is left or mono.
    #[inline]
    pub fn channel(&self, channel: usize) -> &'a [f32] {
        debug_assert!(channel < self.layout.channels());
        self.lanes[channel]
    }

    /// Every channel in turn.
    #[inline]
    pub fn channels(&self) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let lanes = self.lanes;
        (0..self.layout.channels()).map(move |c| lanes[c])
    }

    /// The frames `from..to`.
    #[inline]
    pub fn part(&self, from: usize, to: usize) -> View<'a> {
        let right = match self.layout {
            Layout::Mono => &[],
            Layout::Stereo => &self.lanes[1][from..to],
        };
        View { lanes: [&self.lanes[0][from..to], right], layout: self.layout }
    }
}

/// Audio that owns its samples: one vector per channel, all of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buffer {
    channels: Vec<Vec<f32>>,
}

impl Buffer {
    /// Silence of that shape.
    pub fn new(layout: Layout, frames: usize) -> Self {
        Buffer { channels: vec![vec![0.0; frames]; layout.channels()] }
    }

    /// From one vector of samples.
    pub fn from_mono(samples: Vec<f32>) -> Self {
        Buffer { channels: vec![samples] }
    }

    /// From left and right.
    ///
    /// # Panics
    /// When the channels differ in length.
    pub fn from_stereo(left: Vec<f32>, right: Vec<f32>) -> Self {
        assert_eq!(left.len(), right.len(), "channels of one buffer have one length");
        Buffer { channels: vec![left, right] }
    }

    /// How many channels.
    pub fn layout(&self) -> Layout {
        if self.channels.len() == 2 { Layout::Stereo } else { Layout::Mono }
    }

    /// How many frames.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// One channel to read.
    pub fn channel(&self, channel: usize) -> &[f32] {
        &self.channels[channel]
    }

    /// One channel to change.
    pub fn channel_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.channels[channel]
    }

    /// The first `frames` frames, to change.
    #[inline]
    pub fn block(&mut self, frames: usize) -> Block<'_> {
        self.block_range(0, frames)
    }

    /// The frames `from..to`, to change.
    #[inline]
    pub fn block_range(&mut self, from: usize, to: usize) -> Block<'_> {
        match self.channels.as_mut_slice() {
            [left, right] => Block::stereo(&mut left[from..to], &mut right[from..to]),
            [mono] => Block::mono(&mut mono[from..to]),
            _ => Block::mono(&mut []),
        }
    }

    /// The first `frames` frames, to read.
    #[inline]
    pub fn view(&self, frames: usize) -> View<'_> {
        match self.channels.as_slice() {
            [left, right] => View::stereo(&left[..frames], &right[..frames]),
            [mono] => View::mono(&mono[..frames]),
            _ => View::mono(&[]),
        }
    }

    /// Appends frames of the same layout.
    pub fn append(&mut self, more: View<'_>) {
        debug_assert_eq!(self.layout(), more.layout());
        for (mine, theirs) in self.channels.iter_mut().zip(more.channels()) {
            mine.extend_from_slice(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_block_is_the_same_audio() {
        let mut buffer = Buffer::from_stereo(vec![0.0, 1.0, 2.0], vec![3.0, 4.0, 5.0]);
        let mut block = buffer.block(3);
        block.part(1, 2).channels_mut().for_each(|c| c[0] = 9.0);
        assert_eq!(block.channel(0), [0.0, 9.0, 2.0]);
        assert_eq!(block.channel(1), [3.0, 9.0, 5.0]);
        assert_eq!(block.view().part(2, 3).channel(1), [5.0]);
    }

    #[test]
    fn a_mono_block_has_one_channel() {
        let mut samples = [0.5; 4];
        let mut block = Block::mono(&mut samples);
        assert_eq!(block.channels().count(), 1);
        assert!(block.pair_mut().is_none());
        assert_eq!(block.part(1, 3).frames(), 2);
        block.silence();
        assert_eq!(samples, [0.0; 4]);
    }
}
