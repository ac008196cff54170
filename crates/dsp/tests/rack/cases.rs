//! Settings drawn from an effect's table, and how its processor is run.

use std::sync::Arc;

use tonmeister_core::{
    Automatable, Buffer, Context, EffectSpec, Event, Layout, ParamIndex, ParamKind, ParamSpec, Processor, Settings,
    Slot, Stream, Taper,
};
use tonmeister_dsp::testing::{noise, spread, stereo_noise};

use crate::rack;

/// The longest block.
pub(crate) const LONGEST: usize = 4096;
/// Blocks of odd sizes.
pub(crate) const ODD: &[usize] = &[7, 480, 1, 333, 2048, 31];

/// Numbers from 0 to 1, the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    pub(crate) fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }
}

/// The value at that part of a knob's travel, 0 to 1.
pub(crate) fn value_at(param: &ParamSpec, place: f64) -> f64 {
    match param.kind {
        ParamKind::Number { min, max, taper: Taper::Logarithmic } if min > 0.0 => {
            (min * (max / min).powf(place)).clamp(min, max)
        }
        ParamKind::Number { min, max, .. } => (min + (max - min) * place).clamp(min, max),
        ParamKind::Integer { min, max } => (min as f64 + (max - min) as f64 * place).round(),
        ParamKind::Steps(steps) => steps[((place * steps.len() as f64) as usize).min(steps.len() - 1)],
        ParamKind::Switch => f64::from(u8::from(place >= 0.5)),
        ParamKind::Choice(choices) => (place * choices.len() as f64).floor().min(choices.len() as f64 - 1.0),
    }
}

/// A recording for an effect that needs one: noise that dies away in a fifth of a second.
fn recording(layout: Layout, sample_rate: u32) -> Arc<Buffer> {
    let frames = sample_rate as usize / 5;
    let fade = |seed| {
        let decay = |(n, x): (usize, f32)| x * (-9.0 * n as f32 / frames as f32).exp();
        noise(seed, 0.5, frames).into_iter().enumerate().map(decay).collect::<Vec<_>>()
    };
    Arc::new(match layout {
        Layout::Mono => Buffer::from_mono(fade(91)),
        Layout::Stereo => Buffer::from_stereo(fade(91), fade(92)),
    })
}

/// One instance of an effect on one stream.
#[derive(Clone)]
pub(crate) struct Case {
    /// For messages: "full, stereo, 48000 Hz".
    pub name: String,
    pub settings: Settings,
    pub stream: Stream,
    /// The external side-chain, if it is given one: noise of this layout.
    pub key: Option<Layout>,
}

impl Case {
    fn new(name: &str, settings: Settings, layout: Layout, sample_rate: u32) -> Self {
        let stream = Stream { sample_rate, layout, max_block: LONGEST, seed: 7 };
        let mut case = Case { name: name.into(), settings, stream, key: None };
        case.rename(name);
        case
    }

    fn rename(&mut self, name: &str) {
        let layout = if self.stream.layout == Layout::Mono { "mono" } else { "stereo" };
        let key = if self.key.is_some() { ", keyed" } else { "" };
        self.name = format!("{name}, {layout}, {} Hz{key}", self.stream.sample_rate);
    }

    /// Everything at its default.
    pub(crate) fn plain(spec: &'static EffectSpec, layout: Layout, sample_rate: u32) -> Self {
        let mut settings = Settings::new(spec);
        for file in spec.files.iter().filter(|file| file.required) {
            settings.set_file(file.id, "plain.wav").unwrap();
            settings.load(file.id, recording(Layout::Mono, sample_rate));
        }
        Case::new("plain", settings, layout, sample_rate)
    }

    /// Up to two items in every group, and every recording.
    pub(crate) fn full(spec: &'static EffectSpec, layout: Layout, sample_rate: u32) -> Self {
        let mut settings = Settings::new(spec);
        for group in spec.groups {
            (0..group.max.min(2)).for_each(|_| settings.push(group.id, &[]).unwrap());
        }
        load(&mut settings, layout, sample_rate);
        let mut case = Case::new("full", settings, layout, sample_rate);
        // Two items at the same place may exclude each other (crossovers): they are pulled apart.
        for place in (0..10).map(|step| f64::from(step) / 10.0) {
            if case.try_build().is_ok() {
                break;
            }
            for index in case.params().into_iter().rev() {
                let Some(Slot::Grouped { item: 1, .. }) = case.settings.slot(index) else { continue };
                let (param, _) = case.settings.at(index);
                let _ = case.settings.set_at(index, value_at(param, place));
            }
        }
        case
    }

    /// The same with an external side-chain of the other layout.
    pub(crate) fn keyed(mut self) -> Self {
        self.key = Some(if self.stream.layout == Layout::Mono { Layout::Stereo } else { Layout::Mono });
        self.rename("full");
        self
    }

    /// Everything at random; choices are taken in turn from draw to draw. Refused draws are drawn again.
    pub(crate) fn drawn(spec: &'static EffectSpec, layout: Layout, sample_rate: u32, draw: usize) -> Self {
        let mut dice = Dice::new(draw as u64 + 1);
        for _ in 0..200 {
            let mut settings = Settings::new(spec);
            for group in spec.groups {
                let items = (dice.roll() * (group.max.min(3) + 1) as f64) as usize;
                (0..items).for_each(|_| settings.push(group.id, &[]).unwrap());
            }
            load(&mut settings, layout, sample_rate);
            for index in (0..settings.count() as u32).map(ParamIndex) {
                let (param, _) = settings.at(index);
                let value = match param.kind {
                    ParamKind::Choice(choices) => ((draw + index.0 as usize) % choices.len()) as f64,
                    _ => value_at(param, dice.roll()),
                };
                settings.set_at(index, value).unwrap();
            }
            let case = Case::new(&format!("draw {draw}"), settings, layout, sample_rate);
            if case.try_build().is_ok() {
                return case;
            }
        }
        panic!("{}: two hundred draws were refused, so its ranges are not honest", spec.id)
    }

    pub(crate) fn try_build(&self) -> Result<Box<dyn Processor>, String> {
        rack().build(&self.settings, &self.stream).map_err(|error| error.to_string())
    }

    pub(crate) fn build(&self) -> Box<dyn Processor> {
        self.build_for(LONGEST)
    }

    /// For blocks no longer than that.
    pub(crate) fn build_for(&self, max_block: usize) -> Box<dyn Processor> {
        let stream = Stream { max_block, ..self.stream };
        match rack().build(&self.settings, &stream) {
            Ok(processor) => processor,
            Err(error) => panic!("{}, {}: {error}", self.settings.spec().id, self.name),
        }
    }

    /// How many frames so many seconds are.
    pub(crate) fn frames(&self, seconds: f64) -> usize {
        (seconds * f64::from(self.stream.sample_rate)).round() as usize
    }

    pub(crate) fn latency(&self) -> usize {
        self.build().latency().0 as usize
    }

    /// Every parameter of the instance.
    pub(crate) fn params(&self) -> Vec<ParamIndex> {
        (0..self.settings.count() as u32).map(ParamIndex).collect()
    }

    /// The parameters that may move.
    pub(crate) fn movable(&self) -> Vec<ParamIndex> {
        let moves = |index: &ParamIndex| self.settings.at(*index).0.automatable != Automatable::Fixed;
        self.params().into_iter().filter(moves).collect()
    }

    /// The parameter's name, without an item's number: `bells/hz`.
    pub(crate) fn name_of(&self, index: ParamIndex) -> String {
        match self.settings.slot(index) {
            Some(Slot::Grouped { group, .. }) => {
                format!("{}/{}", self.settings.spec().groups[group].id, self.settings.at(index).0.id)
            }
            _ => self.settings.address(index),
        }
    }

    /// Noise on every channel, that long.
    pub(crate) fn noise(&self, seconds: f64) -> Buffer {
        let frames = self.frames(seconds);
        match self.stream.layout {
            Layout::Mono => Buffer::from_mono(noise(3, 0.5, frames)),
            Layout::Stereo => stereo_noise(3, 0.5, frames),
        }
    }

    /// Runs a processor over `input` in blocks of these sizes, taken in turn.
    pub(crate) fn run(
        &self,
        processor: &mut dyn Processor,
        input: &Buffer,
        sizes: &[usize],
        events: &[Event],
    ) -> Buffer {
        let mut output = input.clone();
        let key = self.key.map(|layout| match layout {
            Layout::Mono => spread(&noise(17, 0.7, input.frames()), layout),
            Layout::Stereo => stereo_noise(17, 0.7, input.frames()),
        });
        let (mut at, mut next) = (0, 0);
        let mut here = Vec::new();
        for size in sizes.iter().cycle() {
            let end = (at + size).min(output.frames());
            here.clear();
            while let Some(event) = events.get(next).filter(|event| (event.at as usize) < end) {
                here.push(Event { at: event.at - at as u32, ..*event });
                next += 1;
            }
            let key = key.as_ref().map(|key| key.view(end).part(at, end));
            processor.process(&mut output.block_range(at, end), &Context { events: &here, key });
            at = end;
            if at == output.frames() {
                break;
            }
        }
        output
    }

    /// A new processor over `input`.
    pub(crate) fn render(&self, input: &Buffer, events: &[Event]) -> Buffer {
        self.run(&mut *self.build(), input, &[LONGEST], events)
    }

    /// Events that move these parameters to and fro: glides, jumps, glides into glides, one that outlives the sound.
    pub(crate) fn script(&self, params: &[ParamIndex], frames: usize) -> Vec<Event> {
        let mut dice = Dice::new(29);
        let mut events = Vec::new();
        for index in params {
            let (param, _) = self.settings.at(*index);
            let at = |part: f64, jitter: f64| {
                ((part * frames as f64) as u32 + (jitter * 97.0) as u32).min(frames as u32 - 1)
            };
            let mut to =
                |at, place, glide| events.push(Event { at, param: *index, value: value_at(param, place), glide });
            let glide = self.frames(0.05) as u32;
            if param.automatable == Automatable::Smooth {
                to(at(0.05, dice.roll()), 1.0, glide);
                to(at(0.30, 0.0), 0.0, 0);
                to(at(0.45, dice.roll()), dice.roll(), glide);
                to(at(0.50, dice.roll()), dice.roll(), 0);
                to(at(0.52, dice.roll()), dice.roll(), 3);
                to(at(0.60, dice.roll()), 0.0, glide);
                to(at(0.80, dice.roll()), 1.0, frames as u32);
            } else {
                for part in [0.1, 0.3, 0.5, 0.55, 0.8] {
                    to(at(part, dice.roll()), dice.roll(), 0);
                }
            }
        }
        events.sort_by_key(|event| (event.at, event.param));
        events
    }
}

fn load(settings: &mut Settings, layout: Layout, sample_rate: u32) {
    for file in settings.spec().files {
        settings.set_file(file.id, "full.wav").unwrap();
        settings.load(file.id, recording(layout, sample_rate));
    }
}

/// The layouts that the effect sounds in.
pub(crate) fn layouts(spec: &EffectSpec) -> &'static [Layout] {
    if spec.stereo_only { &[Layout::Stereo] } else { &[Layout::Mono, Layout::Stereo] }
}

/// Plain, full, keyed, and so many draws that every choice had its turn.
pub(crate) fn cases(spec: &'static EffectSpec, layout: Layout, sample_rate: u32) -> Vec<Case> {
    let lists = spec.params.iter().chain(spec.groups.iter().flat_map(|group| group.params));
    let words = lists.map(|param| if let ParamKind::Choice(choices) = param.kind { choices.len() } else { 0 });
    let draws = words.max().unwrap_or(0).clamp(3, 12);
    let mut cases = vec![Case::plain(spec, layout, sample_rate), Case::full(spec, layout, sample_rate)];
    if spec.takes_key() {
        cases.push(cases[1].clone().keyed());
    }
    cases.extend((0..draws).map(|draw| Case::drawn(spec, layout, sample_rate, draw)));
    cases
}

/// The loudest sample; infinite when one is no number.
pub(crate) fn peak(buffer: &Buffer, from: usize) -> f64 {
    let samples = (0..buffer.layout().channels()).flat_map(|channel| &buffer.channel(channel)[from..]);
    samples.fold(0.0, |peak, x| if x.is_finite() { f64::from(x.abs()).max(peak) } else { f64::INFINITY })
}

/// The first frame at which two buffers differ in any bit.
pub(crate) fn first_difference(one: &Buffer, other: &Buffer) -> Option<usize> {
    let differs =
        |channel| one.channel(channel).iter().zip(other.channel(channel)).position(|(a, b)| a.to_bits() != b.to_bits());
    (0..one.layout().channels()).filter_map(differs).min()
}

/// How far two buffers are from each other from that frame on, as a part of the first's power: 1e-6 is −60 dB.
pub(crate) fn distance(one: &Buffer, other: &Buffer, from: usize) -> f64 {
    let channels = 0..one.layout().channels();
    let pairs = channels.flat_map(|channel| one.channel(channel)[from..].iter().zip(&other.channel(channel)[from..]));
    let (power, apart) = pairs.fold((0.0, 0.0), |(power, apart), (a, b)| {
        let (a, b) = (f64::from(*a), f64::from(*b));
        (power + a * a, apart + (a - b) * (a - b))
    });
    if apart == 0.0 { 0.0 } else { apart / power.max(1e-30) }
}
