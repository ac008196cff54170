//! Renders that begin in the middle of the song, through every effect of the rack.
#![allow(missing_docs)]

mod support;

use proptest::prelude::*;
use support::draw::{any_song, lane};
use support::{RATE, insert, library, render, render_span, song, track};
use tonmeister_core::{
    Automatable, Buffer, Context, EffectSpec, Layout, Memory, ParamIndex, ParamKind, ParamSpec, Processor, Settings,
    Stream, Taper,
};
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_engine::{Span, compile};
use tonmeister_session::model::{Curve, Destination, Insert, Song, Target};

/// What begins on multiples of this begins on every grid that effects work on inside.
const GRID: u64 = 65_536;

fn difference_db(one: &Buffer, other: &Buffer, from: usize) -> f64 {
    let (mut wrong, mut right) = (0.0_f64, 0.0_f64);
    for channel in 0..2 {
        for (i, y) in other.channel(channel).iter().enumerate() {
            let x = f64::from(one.channel(channel)[from + i]);
            wrong = wrong.max((x - f64::from(*y)).abs());
            right = right.max(x.abs());
        }
    }
    if wrong == 0.0 { f64::NEG_INFINITY } else { 20.0 * (wrong / right).log10() }
}

fn apart(processor: Insert, pre_roll: u64) -> f64 {
    let rack = tonmeister_dsp::rack();
    let library = library(&[("x", stereo_noise(3, 0.3, 270_000))]);
    let mut song = song();
    song.tracks = vec![track("x", "x", Destination::Master)];
    song.tracks[0].strip.inserts = vec![processor];
    let (whole, _) = render(&song, &library, &rack, 1, 4096).unwrap();
    let from = 3 * GRID + pre_roll % GRID;
    let span = Span { from, to: from + 20_000, pre_roll };
    let out = render_span(&song, &library, &rack, (1, 777), span).unwrap();
    difference_db(&whole, &out, from as usize)
}

/// Whatever swings by itself swings from the middle as it does from the start, to the bit.
#[test]
fn what_swings_by_itself_stands_where_it_would_stand() {
    let rack = tonmeister_dsp::rack();
    let set = |id: &str, values: &[(&str, f64)]| {
        let settings = Settings::new(rack.spec(id).unwrap());
        insert(id, values.iter().fold(settings, |settings, (key, value)| settings.with(key, *value)))
    };
    let mut all: Vec<Insert> =
        ["chorus", "ensemble", "flanger", "phaser", "vibrato", "tremolo", "auto_pan"].map(|id| set(id, &[])).into();
    all.push(set("chorus", &[("rate_hz", 0.333), ("shape", 2.0)]));
    all.push(set("rotary", &[("speed", 1.0)]));
    let tape = [("wow_percent", 0.2), ("flutter_percent", 0.1), ("auto_gain", 0.0)];
    all.push(set("tape", &tape));
    // What bends a wave forgets it at once, but for the gain that holds its loudness.
    all.extend(["saturator", "exciter"].map(|id| set(id, &[("auto_gain", 0.0)])));
    all.extend((0..6).map(|signal| set("test_signal", &[("signal", f64::from(signal))])));
    let wobbling = Settings::new(rack.spec("delay").unwrap()).with("feedback_percent", 0.0);
    all.push(insert("delay", wobbling.with_item("wow", &[("wow_percent", 0.3)])));
    for processor in all {
        let told = format!("{} {:?}", processor.id, processor.settings.get(processor.settings.spec().params[0].id));
        let db = apart(processor, 2 * GRID);
        println!("{told}: {db:.1} dB");
        assert_eq!(db, f64::NEG_INFINITY, "{told}");
    }
}

/// What still hears more than 2.7 s later what it heard once, by how much that may tell, in dB: echoes, a hall, gains that
/// follow the loudness of many seconds. The de-noiser learns for longer than that, so that it is another one.
const REMEMBER: [(&str, f64); 8] = [
    ("rider", -135.0),
    ("delay", -60.0),
    ("reverb", -95.0),
    ("tape", -70.0),
    ("saturator", -75.0),
    ("exciter", -70.0),
    ("balance_corrector", -60.0),
    ("denoise", 0.0),
];

/// The rack as it comes, from the middle, with a pre-roll of 2.7 s: the bits of the whole, but for those that remember
/// longer. Measured of these: the rider −143 dB, the reverb −104 dB, the saturator −83 dB, the exciter −79 dB, the tape
/// −77 dB, the balance corrector −70 dB, the delay −64 dB.
#[test]
fn every_effect_from_the_middle() {
    let rack = tonmeister_dsp::rack();
    for spec in rack.specs().filter(|spec| spec.files.iter().all(|file| !file.required)) {
        let db = apart(insert(spec.id, Settings::new(spec)), 2 * GRID);
        println!("{}: {db:.1} dB", spec.id);
        let most = REMEMBER.iter().find(|(id, _)| *id == spec.id).map_or(f64::NEG_INFINITY, |(_, most)| *most);
        assert!(db <= most, "{}: {db} dB", spec.id);
    }
}

/// What those that remember are apart by from the bits of the whole behind ten seconds and more, if a stretch is played
/// unheard for so long and no longer (8 grid steps, 10.9 s at 48 kHz): at most, in dB. The rider and the delay
/// as they come have the bits by then. The reverb's lines go round in single precision and never come to agree in their
/// last bit; gains that match loudness, and balance, are means that fade over seconds; the de-noiser has learned from what
/// it heard. Of these only a render from the song's start has the bits.
const BEHIND_TEN_SECONDS: [(&str, f64); 8] = [
    ("rider", f64::NEG_INFINITY),
    ("delay", f64::NEG_INFINITY),
    ("reverb", -125.0),
    ("tape", -95.0),
    ("saturator", -90.0),
    ("exciter", -90.0),
    ("balance_corrector", -55.0),
    ("denoise", -60.0),
];

/// Measured: the reverb −132 dB, the saturator −117 dB, the tape −102 dB, the exciter −98 dB, the balance corrector −74 dB,
/// the de-noiser −63 dB. Behind a pre-roll that reaches the song's start all have the bits of the whole.
#[test]
fn what_remembers_behind_ten_seconds() {
    let rack = tonmeister_dsp::rack();
    let library = library(&[("x", stereo_noise(3, 0.3, 10 * GRID as usize))]);
    for (id, most) in BEHIND_TEN_SECONDS {
        let mut song = song();
        song.tracks = vec![track("x", "x", Destination::Master)];
        song.tracks[0].strip.inserts = vec![insert(id, Settings::new(rack.spec(id).unwrap()))];
        let (whole, _) = render(&song, &library, &rack, 1, 4096).unwrap();
        let from = 9 * GRID;
        for (pre_roll, most) in [(8 * GRID, most), (from, f64::NEG_INFINITY)] {
            let span = Span { from, to: from + 20_000, pre_roll };
            let out = render_span(&song, &library, &rack, (1, 777), span).unwrap();
            let db = difference_db(&whole, &out, from as usize);
            println!("{id}, {pre_roll} frames before: {db:.1} dB");
            assert!(db <= most, "{id}, {pre_roll} frames before: {db} dB");
        }
    }
}

/// Numbers from 0 to 1 that are always the same.
struct Draws {
    numbers: std::vec::IntoIter<f32>,
}

impl Draws {
    fn new(seed: u64) -> Self {
        Draws { numbers: noise(seed, 0.5, 4096).into_iter() }
    }

    fn part(&mut self) -> f64 {
        f64::from(self.numbers.next().unwrap()).clamp(-0.5, 0.499_999) + 0.5
    }

    fn below(&mut self, count: usize) -> usize {
        (self.part() * count as f64) as usize
    }

    fn value(&mut self, spec: &ParamSpec) -> f64 {
        if self.below(2) == 0 {
            return spec.default;
        }
        match spec.kind {
            ParamKind::Number { min, max, taper: Taper::Logarithmic } => min * (max / min).powf(self.part()),
            ParamKind::Number { min, max, .. } => min + (max - min) * self.part(),
            ParamKind::Integer { min, max } => (min + self.below((max - min + 1) as usize) as i64) as f64,
            ParamKind::Steps(steps) => steps[self.below(steps.len())],
            ParamKind::Switch => self.below(2) as f64,
            ParamKind::Choice(choices) => self.below(choices.len()) as f64,
        }
    }

    fn settings(&mut self, spec: &'static EffectSpec) -> Settings {
        let mut settings = Settings::new(spec);
        for param in spec.params {
            settings.set(param.id, self.value(param)).unwrap();
        }
        for group in spec.groups {
            for _ in 0..self.below(group.max.min(3) + 1) {
                let values: Vec<(&str, f64)> = group.params.iter().map(|p| (p.id, self.value(p))).collect();
                settings.push(group.id, &values).unwrap();
            }
        }
        settings
    }
}

/// Noise that comes and goes: loud, soft, none at all.
fn bursts(seed: u64, frames: usize) -> [Vec<f32>; 2] {
    const LEVELS: [f32; 7] = [1.0, 0.03, 0.3, 0.0, 0.0, 0.6, 0.001];
    [seed, seed + 1].map(|seed| {
        let hiss = noise(seed, 1.0, frames).into_iter().enumerate();
        hiss.map(|(n, x)| x * LEVELS[n / 9000 % LEVELS.len()]).collect()
    })
}

fn run(processor: &mut dyn Processor, audio: &[Vec<f32>; 2], stream: &Stream, from: usize, block: usize) -> Buffer {
    let mut out = match stream.layout {
        Layout::Mono => Buffer::from_mono(audio[0][from..].to_vec()),
        Layout::Stereo => Buffer::from_stereo(audio[0][from..].to_vec(), audio[1][from..].to_vec()),
    };
    let (mut at, frames) = (0, out.frames());
    while at < frames {
        let end = (at + block).min(frames);
        processor.process(&mut out.block(frames).part(at, end), &Context::default());
        at = end;
    }
    out
}

/// Those that know of some setting how far back they remember. All others never come to agree in their last bit, or do not
/// know it.
const FORGET: [&str; 24] = [
    "linear_eq",
    "compressor",
    "expander",
    "upward_compressor",
    "transient_shaper",
    "limiter",
    "clipper",
    "multiband",
    "tremolo",
    "auto_pan",
    "vibrato",
    "chorus",
    "ensemble",
    "saturator",
    "mid_side",
    "stereo_width",
    "mono_maker",
    "rotation",
    "decorrelator",
    "haas",
    "phase_rotation",
    "gain",
    "channels",
    "dc_blocker",
];

/// What an effect says that it remembers is true, whatever it is set to: it has the bits of the whole behind so long a
/// pre-roll.
#[test]
fn effects_remember_no_longer_than_they_say() {
    let rack = tonmeister_dsp::rack();
    let (rate, start) = (8000, GRID as usize);
    let (mut wrong, mut forgetful) = (Vec::new(), Vec::new());
    for spec in rack.specs().filter(|spec| spec.files.iter().all(|file| !file.required)) {
        let (mut tried, mut longest) = (0, 0);
        for seed in 0..24 {
            let mut draws = Draws::new(77 + seed);
            let settings = if seed == 0 { Settings::new(spec) } else { draws.settings(spec) };
            let layout = if spec.stereo_only || seed % 2 == 0 { Layout::Stereo } else { Layout::Mono };
            let stream = Stream { sample_rate: rate, layout, max_block: 4096, seed: 5 };
            // At this rate some corners lie too high.
            let Ok(mut whole) = rack.build(&settings, &stream) else { continue };
            let Memory::Frames(memory) = whole.memory() else { continue };
            if memory > 300 * u64::from(rate) {
                continue;
            }
            (tried, longest) = (tried + 1, longest.max(memory));
            let heard = start + memory as usize;
            let audio = bursts(seed, heard + 100_000);
            let whole = run(&mut *whole, &audio, &stream, 0, 777);
            let mut late = rack.build(&settings, &stream).unwrap();
            late.begin_at(start as u64);
            let late = run(&mut *late, &audio, &stream, start, 512);
            for channel in 0..layout.channels() {
                let (whole, late) = (&whole.channel(channel)[heard..], &late.channel(channel)[memory as usize..]);
                if let Some(at) = whole.iter().zip(late).position(|(a, b)| a != b) {
                    let (a, b) = (whole[at], late[at]);
                    wrong.push(format!("{} ({memory} frames) {settings:?}: {at}: {a} {b}", spec.id));
                    break;
                }
            }
        }
        println!("{}: {tried} settings, at most {:.2} s", spec.id, longest as f64 / f64::from(rate));
        if tried > 0 {
            forgetful.push(spec.id);
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(forgetful, FORGET);
}

/// A recorded room is as long as it is, and so is its memory.
#[test]
fn a_room_is_remembered_for_its_length() {
    let rack = tonmeister_dsp::rack();
    let room = stereo_noise(9, 0.01, 30_000);
    let library = library(&[("x", stereo_noise(3, 0.3, 5 * GRID as usize)), ("room", room)]);
    let mut song = song();
    song.tracks = vec![track("x", "x", Destination::Master)];
    let mut settings = Settings::new(rack.spec("convolution").unwrap()).with("mix_percent", 50.0);
    settings.set_file("ir", "room").unwrap();
    song.tracks[0].strip.inserts = vec![insert("convolution", settings)];
    let Memory::Frames(memory) = compile(&song, &rack, &*library).unwrap().plan.memory() else { panic!("endless") };
    let from = 4 * GRID + 77;
    let start = (from - memory) / GRID * GRID;
    assert!((30_000..=3 * GRID).contains(&memory) && start > 0, "{memory}");
    let (whole, _) = render(&song, &library, &rack, 1, 4096).unwrap();
    let span = Span { from, to: from + 20_000, pre_roll: from - start };
    let out = render_span(&song, &library, &rack, (1, 777), span).unwrap();
    assert_eq!(difference_db(&whole, &out, from as usize), f64::NEG_INFINITY);
}

/// A random graph of the rack's effects, set at random, with moves of its faders, pans and effects over 25 s.
fn rack_song(mut song: Song, seed: u64) -> Song {
    let rack = tonmeister_dsp::rack();
    let mut draws = Draws::new(seed);
    let specs: Vec<_> = rack.specs().filter(|spec| spec.files.iter().all(|file| !file.required)).collect();
    // Songs whose every effect forgets are rarer than others; half of them shall be.
    let forgetful = draws.below(2) == 0;
    let (tracks, buses) = (song.tracks.iter_mut().map(|t| &mut t.strip), song.buses.iter_mut().map(|b| &mut b.strip));
    for strip in tracks.chain(buses).chain([&mut song.master.strip]) {
        // The moves of the graph's own gains go with these.
        strip.automation.retain(|lane| matches!(lane.target, Target::Strip(_)));
        for point in strip.automation.iter_mut().flat_map(|lane| &mut lane.points) {
            point.time_s *= 500.0;
        }
        strip.inserts.clear();
        for place in 0..draws.below(3) {
            let spec = specs[draws.below(specs.len())];
            let settings = if draws.below(2) == 0 { Settings::new(spec) } else { draws.settings(spec) };
            let layout = if spec.stereo_only { Layout::Stereo } else { Layout::Mono };
            let stream = Stream { sample_rate: RATE, layout, max_block: 4096, seed: 5 };
            let Ok(made) = rack.build(&settings, &stream) else { continue };
            if forgetful && made.memory() == Memory::Endless {
                continue;
            }
            strip.inserts.push(Insert { id: format!("{}-{place}", spec.id), ..insert(spec.id, settings) });
        }
        if !forgetful
            && draws.below(3) == 0
            && let Some(spec) = strip.inserts.first().map(|insert| &insert.settings.spec().params[0])
            && let (ParamKind::Number { min, max, .. }, true) = (spec.kind, spec.automatable == Automatable::Smooth)
        {
            let points = [(9.0, min, Curve::Hold), (15.0, max, Curve::Linear), (24.0, spec.default, Curve::S)];
            strip.automation.push(lane(Target::Insert { insert: 0, param: ParamIndex(0) }, &points));
        }
    }
    song
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Rendered from the middle, behind the pre-roll that the plan states, every bit is that of the whole: any graph, any
    /// effect, any moves, any block size, any number of threads.
    #[test]
    fn the_middle_behind_the_stated_pre_roll(
        song in any_song(),
        seed in 0_u64..1_000_000,
        from in 500_000_u64..1_180_000,
        block in 300_usize..3000,
    ) {
        let rack = tonmeister_dsp::rack();
        let [left, right] = bursts(seed, 1_200_000);
        let library = library(&[("mono", Buffer::from_mono(left.clone())), ("stereo", Buffer::from_stereo(left, right))]);
        let song = rack_song(song, seed);
        let compiled = compile(&song, &rack, &*library);
        prop_assume!(compiled.is_ok());
        let start = match compiled.unwrap().plan.memory() {
            Memory::Frames(frames) => from.saturating_sub(frames) / GRID * GRID,
            Memory::Endless => 0,
        };
        println!("from {from} played from {start}");
        let (whole, _) = render(&song, &library, &rack, 1, 4096).unwrap();
        let span = Span { from, to: from + 9000, pre_roll: from - start };
        let out = render_span(&song, &library, &rack, (2, block), span).unwrap();
        for channel in 0..2 {
            let expected = whole.channel(channel).iter().skip(from as usize).chain(std::iter::repeat(&0.0));
            for (i, (y, x)) in out.channel(channel).iter().zip(expected).enumerate() {
                prop_assert!(y == x, "frame {} of {}, from {start}: {y} for {x}", from + i as u64, whole.frames());
            }
        }
    }
}
