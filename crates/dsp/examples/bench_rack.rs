//! What every effect of the rack costs: `cargo run --release -p tonmeister-dsp --example bench_rack`.
//!
//! Nanoseconds per stereo frame at 48 kHz in blocks of 256 frames of music-like noise: with everything at its default,
//! with every group filled, and while every parameter moves. Words after `--` are jobs of their own: an effect and its
//! settings, as in `eq highpass/hz=80 bells/1/hz=250 bells/1/gain_db=-4`; choices go by their words, recordings by `@` and
//! a file of the kind that follows. `--music FILE` lets
//! the jobs after it work on that file (32-bit floats, left and right in turn, little end first), from its beginning to
//! its end, several times; what copying it costs is taken off. `bench/rack` does so, because peers hear the same file.

use std::sync::Arc;
use std::time::Instant;

use tonmeister_core::{Buffer, Context, Event, Layout, ParamKind, Processor};
use tonmeister_dsp::{rack, testing};

#[allow(dead_code)]
#[path = "../tests/rack/cases.rs"]
mod cases;

use cases::Case;

const RATE: u32 = 48_000;
const BLOCK: usize = 256;
/// A tenth of a second to settle, then rounds of a quarter of a second.
const SETTLE: usize = RATE as usize / 10;
const ROUND: usize = RATE as usize / 4;
/// The best of this many rounds.
const ROUNDS: usize = 12;
/// So many goes through a file, but no more than two that begin after these seconds.
const GOES: usize = 5;
const PATIENCE_S: f64 = 6.0;

/// Noise whose highs fall by 6 dB per octave above 500 Hz, in bursts of an eighth note, loud enough to be worked on.
fn music(frames: usize) -> Buffer {
    let of = |seed| {
        let (mut low, mut out) = (0.0_f32, Vec::with_capacity(frames));
        for (n, x) in testing::noise(seed, 1.0, frames).into_iter().enumerate() {
            low += 0.065 * (x - low);
            let beat = (n % 12_000) as f32 / 12_000.0;
            out.push(2.0 * low * (-3.0 * beat).exp());
        }
        out
    };
    Buffer::from_stereo(of(1), of(2))
}

/// Nanoseconds per frame, the least of many rounds.
fn time(processor: &mut dyn Processor, music: &Buffer, events: &[Event]) -> f64 {
    let mut best = f64::INFINITY;
    let mut audio = music.clone();
    let mut at = 0;
    let mut until = SETTLE;
    for round in 0..=ROUNDS {
        let (from, start) = (at, Instant::now());
        while at < until {
            let events = if (at - from).is_multiple_of(ROUND) && round > 0 { events } else { &[] };
            let end = (at + BLOCK).min(audio.frames());
            processor.process(&mut audio.block_range(at, end), &Context { events, key: None });
            at = end;
        }
        let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / (at - from) as f64;
        if round > 0 {
            best = best.min(nanoseconds);
        }
        until = at + ROUND;
    }
    best
}

/// Stereo from a file of 32-bit floats.
fn read(path: &str) -> std::io::Result<Buffer> {
    let bytes = std::fs::read(path)?;
    let (frames, _) = bytes.as_chunks::<8>();
    let side = |at: usize| {
        frames
            .iter()
            .map(|frame| f32::from_le_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]))
            .collect()
    };
    Ok(Buffer::from_stereo(side(0), side(4)))
}

/// Nanoseconds per frame of the whole file, block by block through one small buffer: of each second of music the least
/// of several goes, so that other work on the machine is not counted. Without a processor: what the copying costs.
fn time_of(mut processor: Option<&mut dyn Processor>, music: &Buffer) -> f64 {
    let mut block = Buffer::from_stereo(vec![0.0; BLOCK], vec![0.0; BLOCK]);
    let second = RATE as usize / BLOCK * BLOCK;
    let mut best = vec![f64::INFINITY; music.frames().div_ceil(second)];
    let began = Instant::now();
    for go in 0..GOES {
        if go > 1 && began.elapsed().as_secs_f64() > PATIENCE_S {
            break;
        }
        for (best, from) in best.iter_mut().zip((0..music.frames()).step_by(second)) {
            let (to, start) = (music.frames().min(from + second), Instant::now());
            for at in (from..to).step_by(BLOCK) {
                let frames = BLOCK.min(to - at);
                for side in 0..2 {
                    block.channel_mut(side)[..frames].copy_from_slice(&music.channel(side)[at..at + frames]);
                }
                if let Some(processor) = processor.as_deref_mut() {
                    processor.process(&mut block.block_range(0, frames), &Context { events: &[], key: None });
                }
                std::hint::black_box(&mut block);
            }
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    best.iter().sum::<f64>() * 1e9 / music.frames() as f64
}

/// Every parameter goes to another place and takes half a second for it.
fn moves(case: &Case) -> Vec<Event> {
    let to = |param| {
        let (spec, now) = case.settings.at(param);
        let [near, far] = [0.4, 0.6].map(|place| cases::value_at(spec, place));
        Event { at: 0, param, value: if now == near { far } else { near }, glide: RATE / 2 }
    };
    let smooth = |param: &_| case.settings.at(*param).0.automatable == tonmeister_core::Automatable::Smooth;
    case.movable().into_iter().filter(smooth).map(to).collect()
}

/// `eq highpass/hz=80 bells/2/gain_db=3`: items are added until the address is there.
fn job(text: &str) -> Result<Case, String> {
    let mut words = text.split_whitespace();
    let id = words.next().unwrap_or_default();
    let spec = rack().spec(id).ok_or_else(|| format!("there is no effect `{id}`"))?;
    let mut case = Case::plain(spec, Layout::Stereo, RATE);
    for word in words {
        let (address, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is not `address=value`"))?;
        if let Some(path) = value.strip_prefix('@') {
            case.settings.set_file(address, path).map_err(|error| error.to_string())?;
            case.settings.load(address, Arc::new(read(path).map_err(|error| format!("{path}: {error}"))?));
            continue;
        }
        let group = address.split('/').next().unwrap_or_default();
        while case.settings.index_of(address).is_err() {
            case.settings.push(group, &[]).map_err(|error| format!("{address}: {error}"))?;
        }
        let index = case.settings.index_of(address).map_err(|error| error.to_string())?;
        let chosen = match case.settings.at(index).0.kind {
            ParamKind::Choice(choices) => {
                choices.iter().position(|choice| choice.id == value).map(|place| place as f64)
            }
            _ => None,
        };
        let number = chosen
            .or_else(|| value.parse().ok())
            .ok_or_else(|| format!("`{value}` is no number and no word of `{address}`"))?;
        case.settings.set_at(index, number).map_err(|error| error.to_string())?;
    }
    Ok(case)
}

fn main() {
    let music = music(SETTLE + (ROUNDS + 1) * (ROUND + BLOCK));
    let jobs: Vec<String> = std::env::args().skip(1).collect();
    let mut words = jobs.iter();
    let mut file: Option<(Buffer, f64)> = None;
    while let Some(text) = words.next() {
        if text == "--music" {
            let path = words.next().expect("`--music` needs a file");
            let heard = read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let copying = time_of(None, &heard);
            file = Some((heard, copying));
            continue;
        }
        match (job(text).and_then(|case| case.try_build()), &file) {
            (Ok(mut processor), None) => println!("{:.1}\t{text}", time(&mut *processor, &music, &[])),
            (Ok(mut processor), Some((heard, copying))) => {
                let cost = time_of(Some(&mut *processor), heard) - copying;
                println!("{cost:.2}\t{text}");
            }
            (Err(why), _) => println!("-\t{text}\t{why}"),
        }
    }
    if !jobs.is_empty() {
        return;
    }
    println!("| effect | defaults | filled | moving |\n| --- | ---: | ---: | ---: |");
    for spec in rack().specs() {
        let plain = Case::plain(spec, Layout::Stereo, RATE);
        let full = Case::full(spec, Layout::Stereo, RATE);
        let at_rest = |case: &Case| time(&mut *case.build(), &music, &[]);
        let moving = time(&mut *full.build(), &music, &moves(&full));
        println!("| `{}` | {:.1} | {:.1} | {moving:.1} |", spec.id, at_rest(&plain), at_rest(&full));
    }
}
