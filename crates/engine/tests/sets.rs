//! Several versions and their stems in one pass: each as if it were alone, what they share made once, and all of it
//! adding up; and renders that are kept.
#![allow(missing_docs)]

mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use support::draw::{any_song, lane};
use support::{bus, gain, insert, library, peak_db, registry, render, run, run_on, send, song, track, wait};
use tonmeister_core::{Block, Buffer, KeyUse, ParamIndex, Registry, Settings, Source, SourceError, SourceInfo, View};
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_engine::{
    Entry, Keeper, Kept, Library, Name, Part, Shape, Shelf, Stem, StemPath, Told, Wanted, compile, compile_all,
    indivisible,
};
use tonmeister_session::model as session;
use tonmeister_session::model::{Curve, Destination, Insert, Song, StripAt, Tap, Target, Vca};

fn tapes() -> Arc<dyn Library> {
    library(&[("mono", Buffer::from_mono(noise(1, 0.5, 3000))), ("stereo", stereo_noise(2, 0.5, 2777))])
}

fn wanted<'s>(version: &str, song: &'s Song, stems: Vec<Stem>) -> Wanted<'s> {
    Wanted { version: version.into(), song, stems, path: StemPath::Through, replays: None, beside: None }
}

/// What is left of a mix when its stems are taken off it, against the mix's own peak, in dB.
fn left_over(outs: &[Buffer]) -> f64 {
    let mut left = outs[0].clone();
    for stem in &outs[1..] {
        for channel in 0..2 {
            for (y, x) in left.channel_mut(channel).iter_mut().zip(stem.channel(channel)) {
                *y = (f64::from(*y) - f64::from(*x)) as f32;
            }
        }
    }
    peak_db(&left) - peak_db(&outs[0]).max(0.0)
}

fn mute(song: &mut Song, track: usize) {
    song.tracks[track].strip.set("mute", 1.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Whatever the song: versions with muted tracks, other faders and other inserts come out of one pass as each of
    /// them comes out alone, to the bit.
    #[test]
    fn a_version_in_a_set_is_the_version_alone(song in any_song(), which in any::<prop::sample::Index>(), fader in -20.0..6.0_f64) {
        let library = tapes();
        let track = which.index(song.tracks.len());
        let mut versions = vec![song.clone(); 4];
        mute(&mut versions[1], track);
        versions[2].tracks[track].strip.set("fader_db", fader);
        versions[2].tracks[track].strip.automation.retain(|lane| !matches!(lane.target, Target::Strip(_)));
        versions[3].tracks[track].strip.inserts.push(wait(33));
        let set: Vec<Wanted<'_>> = versions.iter().map(|song| wanted("v", song, Vec::new())).collect();
        let compiled = compile_all(&set, &registry(), &*library, None).unwrap();
        // At worst the one track that has another insert, and a way from every change to the master.
        let most = song.tracks.len() + 1 + 4 * (song.buses.len() + 1);
        prop_assert!(compiled.plan.nodes.len() <= most, "{} nodes of {most}", compiled.plan.nodes.len());
        let (outs, _) = run(compiled, &library, 2, 300).unwrap();
        for (version, out) in versions.iter().zip(&outs) {
            let (alone, _) = render(version, &library, &registry(), 1, 4096).unwrap();
            prop_assert!(alone == *out);
        }
    }

    /// Whatever the song: the stems of its groups add up to the mix, and so do stems that divide the buses.
    #[test]
    fn stems_add_up(song in any_song(), cut in any::<prop::sample::Index>()) {
        let library = tapes();
        let cut = cut.index(song.tracks.len());
        let ids: Vec<String> = song.tracks.iter().map(|track| track.id.clone()).collect();
        let halves = vec![Stem { id: "first".into(), strips: ids[..=cut].to_vec() }];
        for stems in [Stem::of_groups(&song), halves] {
            let stems = Stem::completed(&song, stems);
            let compiled = compile_all(&[wanted("mix", &song, stems)], &registry(), &*library, None).unwrap();
            let (outs, _) = run(compiled, &library, 2, 512).unwrap();
            let left = left_over(&outs);
            prop_assert!(left < -130.0, "{left} dB");
        }
    }

    /// Whatever the song and whatever its document makes stems of: as long as every track is in one, they sum to the mix.
    /// Tracks, buses and VCAs are dealt to three stems, one of which holds whatever no other does.
    #[test]
    fn stems_of_a_document_add_up(song in any_song(), deal in prop::collection::vec(0..6_usize, 64)) {
        let library = tapes();
        let mut song = song;
        let tracks: Vec<String> = song.tracks.iter().map(|track| track.id.clone()).collect();
        song.vcas.push(Vca::new("some", tracks.into_iter().step_by(2).collect()));
        let ids: Vec<String> = song.strips().filter(|at| *at != StripAt::Master).map(|at| song.id(at).to_owned()).collect();
        let of = |stem: usize| ids.iter().zip(&deal).filter(move |(_, to)| **to == stem).map(|(id, _)| id.clone());
        let stem = |id: &str, of: Vec<String>| session::Stem { id: id.into(), title: None, of };
        song.stems = if deal[63] < 3 {
            // The VCA's tracks, and the buses that no track is dealt to.
            let buses = of(0).filter(|id| song.buses.iter().any(|bus| bus.id == *id));
            vec![stem("a", vec!["some".into()]), stem("b", buses.collect())]
        } else {
            vec![stem("a", of(0).collect()), stem("b", of(1).collect())]
        };
        let rest = song.stems_held().left_out.iter().map(|track| song.tracks[*track].id.clone()).collect();
        song.stems.push(stem("c", rest));
        prop_assert!(song.stems_held().is_whole());
        let stems = Stem::of_document(&song);
        let compiled = compile_all(&[wanted("mix", &song, stems)], &registry(), &*library, None).unwrap();
        let (outs, _) = run(compiled, &library, 2, 512).unwrap();
        let left = left_over(&outs);
        prop_assert!(left < -130.0, "{left} dB");
    }

    /// Whatever the song, and whatever is changed in it: a render with what was kept of another is the render itself.
    #[test]
    fn what_was_kept_is_what_would_be_made(song in any_song(), which in any::<prop::sample::Index>(), fader in -20.0..6.0_f64) {
        let library = tapes();
        let shelf = Memory::default();
        let keep = |song: &Song| {
            let compiled = compile_all(&[Wanted::mix(song)], &registry(), &*library, Some(&shelf)).unwrap();
            let kept = compiled.plan.nodes.iter().filter(|node| node.entry == Entry::Kept).count();
            let (mut outs, rendered) = run_on(compiled, &library, 2, 512, Some(&shelf)).unwrap();
            (outs.remove(0), rendered, kept)
        };
        let (first, _, kept) = keep(&song);
        prop_assert_eq!(kept, 0);
        let (again, _, kept) = keep(&song);
        prop_assert!(first == again);
        prop_assert!(kept >= 1);
        let mut changed = song.clone();
        let track = which.index(song.tracks.len());
        changed.tracks[track].strip.set("fader_db", fader);
        changed.tracks[track].strip.automation.clear();
        let (with, ..) = keep(&changed);
        let (without, _) = render(&changed, &library, &registry(), 1, 4096).unwrap();
        prop_assert!(with == without);
    }
}

/// Renders by name, each with what its inserts told.
type Renders = Arc<Mutex<HashMap<Name, (Buffer, Told)>>>;

/// A shelf in memory.
#[derive(Default)]
struct Memory(Renders);

struct Tape {
    rate: u32,
    audio: Buffer,
    at: usize,
}

impl Source for Tape {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: self.rate, layout: self.audio.layout(), frames: self.audio.frames() as u64 }
    }
    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let frames = out.frames().min(self.audio.frames() - self.at);
        for channel in 0..out.layout().channels() {
            let from = &self.audio.channel(channel)[self.at..self.at + frames];
            out.channel_mut(channel)[..frames].copy_from_slice(from);
        }
        self.at += frames;
        Ok(frames)
    }
    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        self.at += frames as usize;
        Ok(frames)
    }
}

struct Recorder {
    name: Name,
    audio: Buffer,
    shelf: Renders,
}

impl Keeper for Recorder {
    fn push(&mut self, view: View<'_>) {
        self.audio.append(view);
    }
    fn finish(self: Box<Self>, told: &Told) {
        self.shelf.lock().unwrap().insert(self.name, (self.audio, told.clone()));
    }
}

impl Shelf for Memory {
    fn find(&self, name: &Name, shape: Shape) -> Option<Kept> {
        let shelf = self.0.lock().unwrap();
        let (audio, told) = shelf.get(name).filter(|(audio, _)| audio.frames() as u64 >= shape.frames)?;
        assert_eq!(audio.layout(), shape.layout);
        let source = Tape { rate: shape.sample_rate, audio: audio.clone(), at: 0 };
        Some(Kept { source: Box::new(source), told: told.clone() })
    }
    fn keep(&self, name: &Name, shape: Shape) -> Option<Box<dyn Keeper>> {
        Some(Box::new(Recorder { name: *name, audio: Buffer::new(shape.layout, 0), shelf: Arc::clone(&self.0) }))
    }
}

fn desk() -> Song {
    let mut song = song();
    song.buses = vec![bus("drums", Destination::Master), bus("room", Destination::Master)];
    song.tracks = vec![
        track("kick", "mono", Destination::Bus(0)),
        track("snare", "stereo", Destination::Bus(0)),
        track("vocal", "mono", Destination::Master),
    ];
    song.tracks[0].strip.inserts = vec![wait(64), gain(0.5)];
    song.tracks[1].strip.inserts = vec![gain(0.7)];
    song.tracks[2].strip.inserts = vec![wait(20)];
    song.tracks[1].strip.sends.push(send(1, Tap::Post));
    song.tracks[2].strip.sends.push(send(1, Tap::Post));
    song.buses[0].strip.inserts = vec![gain(0.9)];
    song.buses[1].strip.inserts = vec![wait(5), gain(0.3)];
    song
}

#[test]
fn a_fader_remakes_only_what_hears_it() {
    let library = tapes();
    let shelf = Memory::default();
    let made = |song: &Song| -> Vec<String> {
        let compiled = compile_all(&[Wanted::mix(song)], &registry(), &*library, Some(&shelf)).unwrap();
        let plan = Arc::clone(&compiled.plan);
        run_on(compiled, &library, 1, 4096, Some(&shelf)).unwrap();
        plan.nodes.iter().filter(|n| n.entry != Entry::Kept).map(|n| n.strip.clone()).collect()
    };
    assert_eq!(made(&desk()), ["kick", "snare", "vocal", "drums", "room", "master"]);
    assert_eq!(made(&desk()), [""; 0]);
    let mut edited = desk();
    edited.tracks[0].strip.set("fader_db", -3.0);
    assert_eq!(made(&edited), ["drums", "master"]);
    edited.tracks[2].strip.sends[0].values[0] = -6.0;
    assert_eq!(made(&edited), ["room", "master"]);
    edited.tracks[1].strip.automation =
        vec![lane(Target::Insert { insert: 0, param: ParamIndex(0) }, &[(0.0, 0.5, Curve::Hold)])];
    assert_eq!(made(&edited), ["snare", "drums", "room", "master"]);
    edited.buses[0].strip.set("mute", 1.0);
    assert_eq!(made(&edited), ["master"]);
    // And back: everything lies there still.
    assert_eq!(made(&desk()), [""; 0]);
}

#[test]
fn what_versions_share_is_made_once() {
    let library = tapes();
    let (mix, mut instrumental, mut a_cappella) = (desk(), desk(), desk());
    mute(&mut instrumental, 2);
    mute(&mut a_cappella, 0);
    mute(&mut a_cappella, 1);
    let set = [&mix, &instrumental, &a_cappella].map(|song| wanted("v", song, Vec::new()));
    let compiled = compile_all(&set, &registry(), &*library, None).unwrap();
    let count = |id: &str| compiled.plan.nodes.iter().filter(|node| node.strip == id).count();
    // The drums of the third are silent, so they are another sum than those of the first.
    assert_eq!(["kick", "snare", "vocal", "drums", "room", "master"].map(count), [1, 1, 1, 2, 3, 3]);
    let (outs, _) = run(compiled, &library, 2, 512).unwrap();
    assert!(left_over(&outs) < -130.0);
}

/// The rack's own compressor, driven well into its curve.
fn compressor(rack: &Registry, id: &str, threshold_db: f64) -> Insert {
    let settings = Settings::new(rack.spec(id).unwrap());
    insert(id, if id == "compressor" { settings.with("threshold_db", threshold_db) } else { settings })
}

/// Compression of the whole is replayed on its parts: a compressor on a divided bus and one on the master, with other
/// things before and behind them. Measured: −118 dB (compressor) to −126 dB (expander), which is the rounding of the
/// samples between some thirty stages.
#[test]
fn dynamics_of_a_bus_are_replayed_on_its_parts() {
    let rack = tonmeister_dsp::rack();
    let long = |seed, level| stereo_noise(seed, level, 48_000);
    let library = library(&[("mono", Buffer::from_mono(noise(1, 0.5, 48_000))), ("stereo", long(2, 0.5))]);
    let mut song = desk();
    song.tracks.iter_mut().for_each(|track| track.strip.inserts.clear());
    let eq =
        || insert("eq", Settings::new(rack.spec("eq").unwrap()).with_item("bells", &[("hz", 900.0), ("gain_db", 4.0)]));
    song.buses[0].strip.inserts = vec![compressor(&rack, "compressor", -30.0), eq()];
    song.buses[1].strip.inserts = vec![compressor(&rack, "delay", 0.0)];
    let replayed = rack.specs().filter(|spec| spec.key == KeyUse::Detector);
    for id in replayed.map(|spec| spec.id) {
        song.master.strip.inserts = vec![eq(), compressor(&rack, id, -30.0), eq()];
        let stems =
            song.tracks.iter().map(|track| Stem { id: track.id.clone(), strips: vec![track.id.clone()] }).collect();
        let wanted = wanted("mix", &song, stems);
        assert_eq!(indivisible(&wanted).unwrap(), [""; 0]);
        let compiled = compile_all(&[wanted], &rack, &*library, None).unwrap();
        let (outs, rendered) = run(compiled, &library, 2, 512).unwrap();
        let reduced =
            rendered.gain_reductions.iter().any(|(address, r)| address.starts_with("master/") && r.max_db > 1.0);
        let left = left_over(&outs);
        println!("{id}: {left:.1} dB, works: {reduced}");
        assert!(left < -115.0, "{id}: {left} dB");
    }
    song.master.strip.inserts = vec![compressor(&rack, "saturator", 0.0), compressor(&rack, "rider", 0.0)];
    let stems = vec![Stem { id: "vocal".into(), strips: vec!["vocal".into()] }];
    let stems = Stem::completed(&song, stems);
    assert_eq!(indivisible(&wanted("mix", &song, stems)).unwrap(), ["master/saturator", "master/rider"]);
}

/// Versions that complete each other add up to the mix when they replay what its buses' dynamics did, and their stems
/// add up to them. Measured: −117 dB.
#[test]
fn versions_that_replay_the_mix_add_up_to_it() {
    let rack = tonmeister_dsp::rack();
    let library =
        library(&[("mono", Buffer::from_mono(noise(1, 0.5, 48_000))), ("stereo", stereo_noise(2, 0.5, 48_000))]);
    let mut mix = desk();
    mix.tracks.iter_mut().for_each(|track| track.strip.inserts.clear());
    mix.buses[0].strip.inserts = vec![compressor(&rack, "compressor", -30.0)];
    mix.buses[1].strip.inserts = vec![compressor(&rack, "delay", 0.0)];
    let eq =
        insert("eq", Settings::new(rack.spec("eq").unwrap()).with_item("bells", &[("hz", 900.0), ("gain_db", 4.0)]));
    mix.master.strip.inserts = vec![eq, compressor(&rack, "compressor", -30.0), compressor(&rack, "multiband", 0.0)];
    let (mut instrumental, mut a_cappella) = (mix.clone(), mix.clone());
    mute(&mut instrumental, 2);
    mute(&mut a_cappella, 0);
    mute(&mut a_cappella, 1);
    let stems = |song: &Song| Stem::of_groups(song);
    let replay = |version: &str, song| Wanted { replays: Some(0), ..wanted(version, song, stems(song)) };
    let set = [
        wanted("mix", &mix, Vec::new()),
        replay("instrumental", &instrumental),
        replay("a-cappella", &a_cappella),
        wanted("alone", &instrumental, Vec::new()),
    ];
    let compiled = compile_all(&set, &rack, &*library, None).unwrap();
    let (mut outs, _) = run(compiled, &library, 2, 512).unwrap();
    assert_eq!(outs.len(), 10);
    let alone = outs.pop().unwrap();
    let left = left_over(&[outs[0].clone(), outs[1].clone(), outs[5].clone()]);
    println!("{left:.1} dB left");
    assert!(left < -115.0, "{left} dB");
    for version in [1, 5] {
        let left = left_over(&outs[version..version + 4]);
        assert!(left < -115.0, "{left} dB");
    }
    assert!(left_over(&[alone.clone(), outs[1].clone()]) > -30.0, "the compressors hear another song");

    // All of it kept: the same again, and nothing made.
    let shelf = Memory::default();
    for made in [true, false] {
        let compiled = compile_all(&set, &rack, &*library, Some(&shelf)).unwrap();
        assert_eq!(compiled.plan.nodes.iter().any(|node| node.entry != Entry::Kept), made);
        let (mut again, _) = run_on(compiled, &library, 2, 512, Some(&shelf)).unwrap();
        assert!(again.pop().unwrap() == alone && again == outs);
    }
}

/// Stems and versions that fall silent sooner than their mix go on as they are to its end, and so add up to the last frame.
#[test]
fn what_lies_beside_a_mix_is_as_long() {
    let rack = tonmeister_dsp::rack();
    let library =
        library(&[("mono", Buffer::from_mono(noise(1, 0.5, 24_000))), ("stereo", stereo_noise(2, 0.01, 20_000))]);
    let mut mix = desk();
    mix.tracks.iter_mut().for_each(|track| track.strip.inserts.clear());
    mix.buses[0].strip.inserts.clear();
    let echo = Settings::new(rack.spec("delay").unwrap()).with("time_ms", 100.0);
    let echo = echo.with("feedback_percent", 70.0);
    mix.buses[1].strip.inserts = vec![insert("echo", echo)];
    let (mut instrumental, mut a_cappella) = (mix.clone(), mix.clone());
    mute(&mut instrumental, 2);
    instrumental.tracks[2].strip.sends.clear();
    mute(&mut a_cappella, 0);
    mute(&mut a_cappella, 1);
    let stems = [vec!["kick"], vec!["snare"], vec!["vocal"]]
        .map(|ids| Stem { id: ids[0].into(), strips: ids.into_iter().map(String::from).collect() });
    let beside = |version: &str, song| Wanted { beside: Some(0), ..wanted(version, song, stems.to_vec()) };
    let set = [
        wanted("mix", &mix, stems.to_vec()),
        beside("instrumental", &instrumental),
        beside("a-cappella", &a_cappella),
        wanted("alone", &instrumental, Vec::new()),
    ];
    let compiled = compile_all(&set, &rack, &*library, None).unwrap();
    let (mut outs, _) = run(compiled, &library, 2, 512).unwrap();
    let alone = outs.pop().unwrap();
    let length = outs[0].frames();
    assert!(alone.frames() + 9600 < length, "the quiet one is over {} frames before {length}", alone.frames());
    assert!(outs.iter().all(|out| out.frames() == length));
    for mix in [0, 4, 8] {
        let left = left_over(&outs[mix..mix + 4]);
        println!("{left:.1} dB left");
        assert!(left < -135.0, "{left} dB");
    }
    let left = left_over(&[outs[0].clone(), outs[4].clone(), outs[8].clone()]);
    println!("{left:.1} dB left");
    assert!(left < -135.0, "{left} dB");
    assert_eq!(render(&mix, &library, &rack, 1, 4096).unwrap().0, outs[0], "nothing made beside it changes the mix");
}

#[test]
fn stems_before_the_master_are_what_enters_it() {
    let library = tapes();
    let mut song = desk();
    let dry = song.clone();
    song.master.strip.inserts = vec![gain(0.25), wait(77)];
    song.master.strip.set("fader_db", -6.0);
    song.master.strip.set("trim_db", 3.0);
    let stems = Stem::of_groups(&song);
    assert_eq!(stems.iter().map(|stem| stem.id.as_str()).collect::<Vec<_>>(), ["vocal", "drums", "room"]);
    let set = Wanted { path: StemPath::Before, ..wanted("mix", &song, stems) };
    let compiled = compile_all(&[set], &registry(), &*library, None).unwrap();
    assert_eq!(compiled.plan.outputs[4].part, Part::Sum);
    let (mut outs, _) = run(compiled, &library, 2, 512).unwrap();
    outs[0] = render(&dry, &library, &registry(), 1, 512).unwrap().0;
    assert!(outs.pop().unwrap() == outs[0]);
    assert!(left_over(&outs) < -130.0);
}

/// What two stems hold is in both, and the buses behind it are divided all the same.
#[test]
fn a_track_in_two_stems_is_in_both() {
    let library = tapes();
    let song = desk();
    let stem = |id: &str| Stem { id: id.into(), strips: vec!["kick".into()] };
    let one = wanted("mix", &song, vec![stem("a")]);
    let two = wanted("mix", &song, vec![stem("a"), stem("b")]);
    let outs = |set| run(compile_all(&[set], &registry(), &*library, None).unwrap(), &library, 2, 512).unwrap().0;
    let (one, two) = (outs(one), outs(two));
    assert!(two[1] == one[1] && two[2] == one[1] && peak_db(&one[1]) > -60.0);
}

#[test]
fn a_set_that_cannot_be_is_refused_by_name() {
    let library = tapes();
    let song = desk();
    let refused = |stems: Vec<Stem>| {
        compile_all(&[wanted("mix", &song, stems)], &registry(), &*library, None).unwrap_err().to_string()
    };
    let stem = |id: &str, strip: &str| Stem { id: id.into(), strips: vec![strip.into()] };
    assert!(refused(vec![stem("a", "bass")]).contains("stem `a`: there is no track or bus `bass`"));
    let mut other = song.clone();
    other.sample_rate_hz = 44_100;
    let set = [wanted("mix", &song, Vec::new()), wanted("cd", &other, Vec::new())];
    let error = compile_all(&set, &registry(), &*library, None).unwrap_err().to_string();
    assert!(error.contains("`cd`: runs at 44100 Hz and `mix` at 48000 Hz"), "{error}");
    let error = compile_all(&[], &registry(), &*library, None).unwrap_err().to_string();
    assert!(error.contains("nothing to render"));
    assert_eq!(compile(&song, &registry(), &*library).unwrap().plan.outputs.len(), 1);
}
