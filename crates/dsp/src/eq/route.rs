//! What a band works on: both channels, one of them, their middle or their sides.
//!
//! A band does the same to left and right; what of that is let through is a matter of a small matrix. With `x` what
//! comes in, `Hx` what the band makes of it and `P` the part of the stereo picture that it is for, what goes out is
//! `x + P(Hx − x)`. For the middle, `P` takes the mean of both channels; for the sides, half their difference. A band
//! that is switched, or sent elsewhere, moves from one `P` to another.

use tonmeister_core::{Choice, Layout};

/// What a band works on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Everything.
    #[default]
    Stereo,
    /// The left channel.
    Left,
    /// The right channel.
    Right,
    /// What both channels share.
    Mid,
    /// What the channels differ by.
    Side,
}

/// The words for it, in the order of [`Channel::ALL`].
pub(crate) const CHANNELS: &[Choice] = &[
    Choice { id: "stereo", doc: "Everything, both channels alike." },
    Choice { id: "left", doc: "The left channel only." },
    Choice { id: "right", doc: "The right channel only." },
    Choice { id: "mid", doc: "What both channels share: the middle of the picture." },
    Choice { id: "side", doc: "What the channels differ by: the width." },
];

impl Channel {
    /// All of them.
    pub const ALL: [Channel; 5] = [Channel::Stereo, Channel::Left, Channel::Right, Channel::Mid, Channel::Side];

    /// As the document names it.
    pub fn name(self) -> &'static str {
        CHANNELS[self as usize].id
    }

    /// The one of that number in [`Channel::ALL`].
    pub(crate) fn of(value: f64) -> Channel {
        Channel::ALL[(value.round().max(0.0) as usize).min(4)]
    }
}

/// `P`: left to left, across, right to right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part(pub(crate) [f64; 3]);

impl Part {
    /// Everything: the band is simply in the way.
    pub(crate) const WHOLE: Part = Part([1.0, 0.0, 1.0]);
    /// Nothing: the band might as well not be there.
    pub(crate) const NONE: Part = Part([0.0; 3]);

    /// A mono signal is left, right and middle at once, and has no sides.
    pub(crate) fn of(on: bool, channel: Channel, layout: Layout) -> Part {
        match channel {
            _ if !on => Part::NONE,
            Channel::Side if layout == Layout::Mono => Part::NONE,
            _ if layout == Layout::Mono => Part::WHOLE,
            Channel::Stereo => Part::WHOLE,
            Channel::Left => Part([1.0, 0.0, 0.0]),
            Channel::Right => Part([0.0, 0.0, 1.0]),
            Channel::Mid => Part([0.5, 0.5, 0.5]),
            Channel::Side => Part([0.5, -0.5, 0.5]),
        }
    }
}

/// A band's place in the picture, and its way to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    born: (bool, Channel),
    on: bool,
    channel: Channel,
    layout: Layout,
    from: Part,
    to: Part,
    start: u64,
    frames: u32,
}

impl Route {
    /// At rest. A way takes `frames` frames.
    pub(crate) fn rest(on: bool, channel: Channel, layout: Layout, frames: u32) -> Route {
        let part = Part::of(on, channel, layout);
        Route { born: (on, channel), on, channel, layout, from: part, to: part, start: 0, frames }
    }

    /// As it was born.
    pub(crate) fn reset(&mut self) {
        *self = Route::rest(self.born.0, self.born.1, self.layout, self.frames);
    }

    /// Sets out; says whether there is any way to go.
    fn set_out(&mut self, clock: u64) -> bool {
        let to = Part::of(self.on, self.channel, self.layout);
        if to == self.to {
            return false;
        }
        (self.from, self.to, self.start) = (self.at(clock), to, clock);
        true
    }

    /// On or off from that frame.
    pub(crate) fn switch(&mut self, clock: u64, on: bool) -> bool {
        self.on = on;
        self.set_out(clock)
    }

    /// To another part of the picture from that frame.
    pub(crate) fn send(&mut self, clock: u64, channel: Channel) -> bool {
        self.channel = channel;
        self.set_out(clock)
    }

    /// Where it is at that frame: half a cosine of the way.
    pub(crate) fn at(&self, clock: u64) -> Part {
        let passed = clock.saturating_sub(self.start);
        if self.from == self.to || passed >= u64::from(self.frames) {
            return self.to;
        }
        let way = 0.5 - 0.5 * (std::f64::consts::PI * passed as f64 / f64::from(self.frames)).cos();
        Part(std::array::from_fn(|i| self.from.0[i] + (self.to.0[i] - self.from.0[i]) * way))
    }

    /// Whether it is on its way.
    pub(crate) fn moves(&self) -> bool {
        self.from != self.to
    }

    /// Ends the way if its time has come; says whether it did.
    pub(crate) fn arrive(&mut self, clock: u64) -> bool {
        let arrived = self.moves() && clock >= self.start + u64::from(self.frames);
        if arrived {
            self.from = self.to;
        }
        arrived
    }

    /// Whether it lets everything through, or nothing, and stays so.
    pub(crate) fn rests_on(&self, part: Part) -> bool {
        !self.moves() && self.to == part
    }

    /// Puts together what was (`dry`) and what the band made of it (`wire`), in interleaved frames.
    pub(crate) fn blend(&self, clock: u64, channels: usize, dry: &[f64], wire: &mut [f64]) {
        let steady = self.at(clock);
        let part = |n: usize| if self.moves() { self.at(clock + n as u64) } else { steady };
        if channels == 1 {
            for (n, (wire, dry)) in wire.iter_mut().zip(dry).enumerate() {
                *wire = dry + part(n).0[0] * (*wire - dry);
            }
            return;
        }
        for (n, (wire, dry)) in wire.chunks_exact_mut(2).zip(dry.chunks_exact(2)).enumerate() {
            let Part([left, across, right]) = part(n);
            let (l, r) = (wire[0] - dry[0], wire[1] - dry[1]);
            wire[0] = dry[0] + (left * l + across * r);
            wire[1] = dry[1] + (across * l + right * r);
        }
    }
}
