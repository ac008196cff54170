//! A stereo sound cut into bands whose sides are weighed one by one: what [`Width`](super::Width) and
//! [`MonoMaker`](super::MonoMaker) have in common.
//!
//! Left and right go through the same crossover. Because mid and side are sums of left and right, each band's mid and
//! side are cut by the same filters; turning sides down changes nothing about the sum of the mids, which is the
//! crossover's: an all-pass, or in linear phase the delayed input.

use std::ops::Range;

use tonmeister_core::{
    Automatable, Block, Context, Event, Frames, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use crate::crossover::{Bands, Crossover, MOST_BANDS, Phase, Slope};
use crate::modulation::rig::Knobs;

/// How many frames are worked on at a time.
const PART: usize = 64;
/// States that have become nothing are put to rest on this grid of the processor's frames.
const FLUSH_EVERY: u64 = 256;

/// What a crossover does to time, for documents.
pub(crate) const PHASE: ParamSpec = ParamSpec::choice(
    "phase",
    "Phase",
    &[
        tonmeister_core::Choice { id: "minimum", doc: "no latency; the phase turns around each crossover" },
        tonmeister_core::Choice { id: "linear", doc: "the phase stays; 53 ms of latency" },
    ],
    "What the crossovers do to time.",
);

/// How steep a crossover is, for documents.
pub(crate) const SLOPE: ParamSpec = ParamSpec::steps(
    "slope_db_oct",
    "Slope",
    Unit::DbPerOctave,
    &[12.0, 24.0, 48.0],
    24.0,
    "How steeply bands part (Linkwitz–Riley).",
);

/// The crossover that [`PHASE`] and [`SLOPE`] describe.
pub(crate) fn crossover(settings: &Settings, hz: &[f64], stream: &Stream) -> Option<Crossover> {
    let phase = if settings.get("phase") == 1.0 { Phase::Linear } else { Phase::Minimum };
    let slope = match settings.get("slope_db_oct") as u32 {
        12 => Slope::Db12,
        24 => Slope::Db24,
        _ => Slope::Db48,
    };
    (!hz.is_empty()).then(|| Crossover::new(hz, slope, phase, stream.sample_rate, stream.layout))
}

/// What is particular to one effect.
pub(crate) trait Weigher: Send {
    /// Takes new values of the knobs. Called at birth, and before each frame at which one has moved.
    fn turn(&mut self, knobs: &[f64]);

    /// The weights of the bands' sides.
    fn weights(&self) -> &[f64; MOST_BANDS];

    /// The sum of mids and the sum of weighed sides become left and right.
    fn finish(&mut self, mid: f64, side: f64) -> [f64; 2] {
        [mid + side, mid - side]
    }

    /// Sets states too small to hear to zero.
    fn flush(&mut self) {}

    /// How much longer than the crossover it rings.
    fn tail(&self, _: &Knobs) -> u64 {
        0
    }

    /// Forgets everything it heard.
    fn reset(&mut self) {}
}

/// A weigher at work.
pub(crate) struct Cut<W> {
    settings: Settings,
    sample_rate: u32,
    knobs: Knobs,
    /// Which knobs are the crossovers' frequencies.
    corners: Range<usize>,
    crossover: Option<Crossover>,
    bands: Bands,
    weigher: W,
    frame: u64,
}

impl<W: Weigher + 'static> Cut<W> {
    /// Born ready; the knobs `corners` are the crossover's frequencies.
    pub(crate) fn boxed(
        settings: &Settings,
        stream: &Stream,
        corners: Range<usize>,
        crossover: Option<Crossover>,
        mut weigher: W,
    ) -> Box<dyn Processor> {
        let knobs = Knobs::new(settings, stream.sample_rate);
        weigher.turn(knobs.values());
        let bands = Bands::new(corners.len() + 1, PART);
        let settings = settings.clone();
        Box::new(Cut { settings, sample_rate: stream.sample_rate, knobs, corners, crossover, bands, weigher, frame: 0 })
    }
}

impl<W: Weigher> Cut<W> {
    fn begin_event(&mut self, event: &Event) {
        let knob = event.param.0 as usize;
        if self.corners.contains(&knob) {
            if let Some(crossover) = &mut self.crossover {
                crossover.to(knob - self.corners.start, event.value, event.glide);
            }
        } else if knob < self.knobs.values().len() && self.settings.at(event.param).0.automatable != Automatable::Fixed
        {
            self.knobs.apply(&self.settings, event, self.sample_rate);
        }
    }

    /// At most [`PART`] frames, without an event inside.
    fn part(&mut self, block: &mut Block<'_>) {
        match &mut self.crossover {
            Some(crossover) => crossover.split(block.view(), &mut self.bands),
            None => self.bands.take_in(block.view()),
        }
        let count = self.bands.count();
        let right_channel = block.layout().channels() - 1;
        let mut channels: [[&[f64]; 2]; MOST_BANDS] = [[&[]; 2]; MOST_BANDS];
        for (band, channels) in channels.iter_mut().enumerate().take(count) {
            *channels = [self.bands.channel(band, 0), self.bands.channel(band, right_channel)];
        }
        for n in 0..block.frames() {
            if self.knobs.moving() {
                self.knobs.step();
                self.weigher.turn(self.knobs.values());
            }
            let (mut mid, mut side) = (0.0, 0.0);
            for ([left, right], weight) in channels[..count].iter().zip(self.weigher.weights()) {
                mid += 0.5 * (left[n] + right[n]);
                side += weight * (0.5 * (left[n] - right[n]));
            }
            let out = self.weigher.finish(mid, side);
            for (channel, y) in block.channels_mut().zip(out) {
                channel[n] = y as f32;
            }
        }
    }
}

impl<W: Weigher> Processor for Cut<W> {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let mut events = context.events.iter().peekable();
        let mut at = 0;
        while at < frames {
            while let Some(event) = events.next_if(|e| e.at as usize <= at) {
                self.begin_event(event);
            }
            let event = events.peek().map_or(frames, |e| (e.at as usize).min(frames));
            let end = event.min(at + (PART as u64 - self.frame % PART as u64) as usize);
            self.part(&mut block.part(at, end));
            self.frame += (end - at) as u64;
            at = end;
            if self.frame.is_multiple_of(FLUSH_EVERY) {
                self.weigher.flush();
            }
        }
    }

    fn latency(&self) -> Frames {
        self.crossover.as_ref().map_or(Frames(0), Crossover::latency)
    }

    fn tail(&self) -> Tail {
        let crossover = self.crossover.as_ref().map_or(0, Crossover::tail);
        Tail::Frames(crossover + self.weigher.tail(&self.knobs))
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.latency().0).then(Memory::of_ringing(self.tail()))
    }

    fn reset(&mut self) {
        self.knobs.reset(&self.settings, self.sample_rate);
        self.crossover.iter_mut().for_each(Crossover::reset);
        self.weigher.reset();
        self.weigher.turn(self.knobs.values());
        self.frame = 0;
    }
}
