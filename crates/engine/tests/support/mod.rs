//! A studio for tests: audio from memory, and effects that do nothing but what a test needs.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::missing_panics_doc)]

pub mod draw;

use std::collections::HashMap;
use std::sync::Arc;

use tonmeister_core::{
    Block, Buffer, BuildError, Context, Effect, EffectSpec, Event, Family, FileSpec, Frames, Glide, Layout, ParamIndex,
    ParamSpec, Processor, Registry, Settings, Source, SourceError, SourceInfo, Stream, Tail, Unit, View,
};
use tonmeister_engine::{Compiled, EngineError, Executor, Library, Rendered, Shelf, Sink, Span, compile};
use tonmeister_session::model::{
    Bus, Channels, Clip, Destination, Insert, PanLaw, Send as Aux, Song, Strip, Tap, Track,
};

pub const RATE: u32 = 48_000;

#[derive(Default)]
pub struct Memory(pub HashMap<String, Buffer>);

struct Tape {
    audio: Buffer,
    at: usize,
}

impl Source for Tape {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: RATE, layout: self.audio.layout(), frames: self.audio.frames() as u64 }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        // Short reads are allowed; the engine must cope with them.
        let frames = out.frames().min(self.audio.frames() - self.at).min(700);
        for channel in 0..out.layout().channels() {
            let from = &self.audio.channel(channel)[self.at..self.at + frames];
            out.channel_mut(channel)[..frames].copy_from_slice(from);
        }
        self.at += frames;
        Ok(frames)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let frames = (frames as usize).min(self.audio.frames() - self.at);
        self.at += frames;
        Ok(frames as u64)
    }
}

impl Library for Memory {
    fn info(&self, audio: &str, _rate: u32) -> Result<SourceInfo, SourceError> {
        let audio = self.0.get(audio).ok_or_else(|| SourceError::new(format!("{audio}: there is no such file")))?;
        Ok(SourceInfo { sample_rate: RATE, layout: audio.layout(), frames: audio.frames() as u64 })
    }

    fn open(&self, audio: &str, _rate: u32) -> Result<Box<dyn Source>, SourceError> {
        Ok(Box::new(Tape { audio: self.0[audio].clone(), at: 0 }))
    }
}

/// Delays by a number of frames and reports them as its latency.
pub struct Wait(usize);

struct Waiting {
    lines: Vec<Vec<f32>>,
    at: usize,
}

const WAIT: EffectSpec = EffectSpec {
    id: "wait",
    name: "Wait",
    family: Family::Utility,
    summary: "",
    doc: "",
    params: &[ParamSpec::integer("frames", "Frames", Unit::Frames, (0, 10_000), 0, "")],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[],
};

impl Effect for Wait {
    const SPEC: &'static EffectSpec = &WAIT;
    fn from_settings(settings: &Settings) -> Self {
        Wait(settings.get("frames") as usize)
    }
    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Waiting { lines: vec![vec![0.0; self.0]; stream.layout.channels()], at: 0 }))
    }
}

impl Processor for Waiting {
    fn process(&mut self, block: &mut Block<'_>, _: &Context<'_>) {
        let length = self.lines[0].len();
        if length == 0 {
            return;
        }
        for i in 0..block.frames() {
            for (channel, line) in self.lines.iter_mut().enumerate() {
                std::mem::swap(&mut block.channel_mut(channel)[i], &mut line[self.at]);
            }
            self.at = (self.at + 1) % length;
        }
    }
    fn latency(&self) -> Frames {
        Frames(self.lines[0].len() as u64)
    }
    fn reset(&mut self) {
        self.lines.iter_mut().for_each(|l| l.fill(0.0));
    }
}

/// A gain that glides; with a key, the key is subtracted instead.
pub struct Gain(f64);

struct Gaining {
    gain: Glide,
    next: Vec<Event>,
}

const GAIN: EffectSpec = EffectSpec {
    id: "gain",
    name: "Gain",
    family: Family::Utility,
    summary: "",
    doc: "",
    params: &[ParamSpec::number("gain", "Gain", Unit::None, (-4.0, 4.0), 1.0, "")],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::Detector,
    sources: &[],
};

impl Effect for Gain {
    const SPEC: &'static EffectSpec = &GAIN;
    fn from_settings(settings: &Settings) -> Self {
        Gain(settings.get("gain"))
    }
    fn build(&self, _: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Gaining { gain: Glide::new(self.0), next: Vec::new() }))
    }
}

impl Processor for Gaining {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        for i in 0..block.frames() {
            for event in context.events.iter().filter(|e| e.at as usize == i) {
                assert_eq!(event.param, ParamIndex(0));
                self.gain.to(event.value, event.glide);
            }
            let gain = self.gain.value();
            self.gain.advance(1);
            for channel in 0..block.layout().channels() {
                let key = context.key.map_or(0.0, |k| k.channel(channel.min(k.layout().channels() - 1))[i]);
                let x = &mut block.channel_mut(channel)[i];
                *x = (f64::from(*x) * gain) as f32 - key;
            }
        }
        let _ = &self.next;
    }
    fn tail(&self) -> Tail {
        Tail::Frames(0)
    }
    fn reset(&mut self) {}
}

/// Plays its recording, once, from the first frame on, instead of what comes in.
pub struct Play(Arc<Buffer>);

struct Playing {
    sound: Arc<Buffer>,
    at: usize,
}

const PLAY: EffectSpec = EffectSpec {
    id: "play",
    name: "Play",
    family: Family::Utility,
    summary: "",
    doc: "",
    params: &[],
    groups: &[],
    files: &[FileSpec { id: "sound", name: "Sound", required: true, max_seconds: 0.5, doc: "" }],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[],
};

impl Effect for Play {
    const SPEC: &'static EffectSpec = &PLAY;
    fn from_settings(settings: &Settings) -> Self {
        Play(Arc::clone(settings.sound("sound").expect("the engine reads what is required")))
    }
    fn build(&self, _: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Playing { sound: Arc::clone(&self.0), at: 0 }))
    }
}

impl Processor for Playing {
    fn process(&mut self, block: &mut Block<'_>, _: &Context<'_>) {
        for channel in 0..block.layout().channels() {
            let from = self.sound.channel(channel.min(self.sound.layout().channels() - 1));
            for (i, x) in block.channel_mut(channel).iter_mut().enumerate() {
                *x = from.get(self.at + i).copied().unwrap_or_default();
            }
        }
        self.at += block.frames();
    }
    fn reset(&mut self) {
        self.at = 0;
    }
}

pub fn registry() -> Registry {
    Registry::new().with::<Wait>().with::<Gain>().with::<Play>()
}

/// Plays that file of the library.
pub fn play(file: &str) -> Insert {
    let mut settings = Settings::new(&PLAY);
    settings.set_file("sound", file).expect("its file");
    insert("play", settings)
}

pub fn wait(frames: usize) -> Insert {
    insert("wait", Settings::new(&WAIT).with("frames", frames as f64))
}

pub fn gain(gain: f64) -> Insert {
    insert("gain", Settings::new(&GAIN).with("gain", gain))
}

pub fn insert(id: &str, settings: Settings) -> Insert {
    Insert { id: id.into(), bypass: false, channels: Channels::Stereo, key: None, settings }
}

pub fn song() -> Song {
    Song { title: "Test".into(), pan_law: PanLaw::Zero, ..Song::empty(RATE) }
}

pub fn track(id: &str, audio: &str, output: Destination) -> Track {
    let strip = Strip::new(Some(output));
    Track { id: id.into(), role: None, clips: vec![Clip::whole(audio)], check: Vec::new(), strip }
}

pub fn bus(id: &str, output: Destination) -> Bus {
    Bus { id: id.into(), strip: Strip::new(Some(output)) }
}

pub fn send(to: usize, tap: Tap) -> Aux {
    Aux::new(to, tap)
}

pub fn library(audio: &[(&str, Buffer)]) -> Arc<dyn Library> {
    Arc::new(Memory(audio.iter().map(|(name, audio)| ((*name).to_owned(), audio.clone())).collect()))
}

pub fn render(
    song: &Song,
    library: &Arc<dyn Library>,
    registry: &Registry,
    threads: usize,
    block: usize,
) -> Result<(Buffer, Rendered), EngineError> {
    let compiled = compile(song, registry, &**library)?;
    let (mut outs, rendered) = run(compiled, library, threads, block)?;
    Ok((outs.remove(0), rendered))
}

/// Renders every output.
pub fn run(
    compiled: Compiled,
    library: &Arc<dyn Library>,
    threads: usize,
    block: usize,
) -> Result<(Vec<Buffer>, Rendered), EngineError> {
    run_on(compiled, library, threads, block, None)
}

/// Renders every output, and keeps what is worth it on a shelf.
pub fn run_on(
    compiled: Compiled,
    library: &Arc<dyn Library>,
    threads: usize,
    block: usize,
    shelf: Option<&dyn Shelf>,
) -> Result<(Vec<Buffer>, Rendered), EngineError> {
    let mut outs: Vec<Buffer> = compiled.plan.outputs.iter().map(|_| Buffer::new(Layout::Stereo, 0)).collect();
    let sinks = outs.iter_mut().map(|out| -> Sink<'_, EngineError> {
        Box::new(|view: View<'_>| {
            out.append(view);
            Ok(())
        })
    });
    let sinks = sinks.collect();
    let mut executor = Executor::new(compiled, library, block);
    if let Some(shelf) = shelf {
        executor.keep_on(shelf);
    }
    let rendered = executor.render(threads, sinks)?;
    Ok((outs, rendered))
}

/// Renders a stretch of the first output.
pub fn render_span(
    song: &Song,
    library: &Arc<dyn Library>,
    registry: &Registry,
    (threads, block): (usize, usize),
    span: Span,
) -> Result<Buffer, EngineError> {
    let compiled = compile(song, registry, &**library)?;
    let mut out = Buffer::new(Layout::Stereo, 0);
    let sink: Sink<'_, EngineError> = Box::new(|view: View<'_>| {
        out.append(view);
        Ok(())
    });
    Executor::new(compiled, library, block).render_span(threads, span, vec![sink])?;
    Ok(out)
}

/// The level of the largest sample, in dBFS.
pub fn peak_db(buffer: &Buffer) -> f64 {
    let peak = buffer.view(buffer.frames()).channels().flatten().fold(0.0_f32, |m, x| m.max(x.abs()));
    20.0 * f64::from(peak).log10()
}

/// What lies above 3 kHz of a 1 kHz tone, against the tone: the zipper noise of a move.
pub fn above_3_khz_db(out: &Buffer) -> f64 {
    let rack = tonmeister_dsp::rack();
    let eq = rack.spec("eq").unwrap();
    let highpass = [("hz", 3000.0), ("slope_db_oct", 96.0)];
    let settings = Settings::new(eq).with_item("highpass", &highpass);
    let (layout, sample_rate) = (Layout::Stereo, RATE);
    let stream = Stream { sample_rate, layout, max_block: 4096, seed: 0 };
    let mut filter = rack.build(&settings, &stream).unwrap();
    let high = tonmeister_dsp::testing::run(&mut *filter, out, &[4096], &[]);
    // The tone's own start is no move.
    let power = |b: &Buffer| b.channel(0)[12_000..].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    10.0 * (power(&high) / power(out)).log10()
}
