//! The audio thread neither allocates nor frees: here, one that does ends the program.

use std::alloc::{GlobalAlloc, Layout as Shape, System};
use std::cell::Cell;
use std::sync::Arc;

#[path = "../../engine/tests/support/mod.rs"]
mod support;

use support::{RATE, bus, insert, library, send, song, track};
use tonmeister_core::{Buffer, Layout, ParamIndex, Settings};
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_live::{Live, LiveOptions, Player, Studio};
use tonmeister_session::model::{
    Channels, Clip, Curve, Destination, Insert, KeySource, KeyTap, Lane, Lfo, PanLaw, Point, SideChain, Song, Tap,
    Target,
};
use tonmeister_session::tables::{STRIP, place};

thread_local! {
    /// Whether this thread is one that must not.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

fn check(what: &str) {
    // Not there any more while a thread ends, when nothing is guarded.
    if GUARDED.try_with(|guarded| guarded.replace(false)).unwrap_or(false) {
        eprintln!("the audio thread {what} memory:\n{}", std::backtrace::Backtrace::force_capture());
        std::process::abort();
    }
}

struct Guarding;

// Only an allocator sees allocations, and `GlobalAlloc` cannot be implemented in safe Rust. This one hands every call
// on to the system's as it came.
#[allow(unsafe_code)]
// SAFETY: every method forwards to `System`, whose contract is the same; the check neither unwinds nor comes back when it
// finds something.
unsafe impl GlobalAlloc for Guarding {
    unsafe fn alloc(&self, shape: Shape) -> *mut u8 {
        check("allocates");
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(shape) }
    }

    unsafe fn alloc_zeroed(&self, shape: Shape) -> *mut u8 {
        check("allocates");
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(shape) }
    }

    unsafe fn realloc(&self, memory: *mut u8, shape: Shape, size: usize) -> *mut u8 {
        check("reallocates");
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(memory, shape, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, shape: Shape) {
        check("frees");
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, shape) }
    }
}

#[global_allocator]
static ALLOCATOR: Guarding = Guarding;

fn effect(id: &str, values: &[(&str, f64)]) -> Insert {
    let rack = tonmeister_dsp::rack();
    let mut settings = Settings::new(rack.spec(id).expect("an effect of the rack"));
    for (key, value) in values {
        settings.set(key, *value).expect("a value in range");
    }
    insert(id, settings)
}

/// A song with everything that may run on an audio thread: many clips and loops, moves of strips and inserts,
/// side-chains, parts of the signal, reverbs, latencies.
fn everything() -> Song {
    let mut song = song();
    song.pan_law = PanLaw::Minus3;
    for i in 0..8_usize {
        let to = if i < 4 { Destination::Bus(0) } else { Destination::Master };
        let mut t = track(&format!("t{i}"), ["mono", "stereo"][i % 2], to);
        let audio = t.clips[0].audio.clone();
        t.clips = (0..20)
            .map(|n| Clip {
                start_s: 0.4 * f64::from(n),
                length_s: Some(0.5),
                fade_in_s: 0.01,
                reverse: n % 3 == 2,
                ..Clip::whole(&audio)
            })
            .collect();
        t.strip.inserts = vec![effect("eq", &[]), effect("compressor", &[("threshold_db", -30.0)])];
        t.strip.sends = vec![send(1, if i % 3 == 0 { Tap::Pre } else { Tap::Post })];
        let fader = Target::Strip(place(STRIP, "fader_db"));
        let points = (0..200).map(|n| Point::new(0.05 * f64::from(n), f64::from(n % 7) - 9.0, Curve::Linear));
        if i == 2 {
            t.strip.automation.push(Lane::new(fader, points.collect()));
        }
        let threshold = Target::Insert { insert: 1, param: ParamIndex(0) };
        if i == 3 {
            let moves = (0..100).map(|n| Point::new(0.07 * f64::from(n), f64::from(n % 9) - 30.0, Curve::Linear));
            let mut lane = Lane::new(threshold, moves.collect());
            lane.lfos.push(Lfo::sine(3.0, 2.0));
            t.strip.automation.push(lane);
        }
        song.tracks.push(t);
    }
    let mut group = bus("group", Destination::Master);
    let keyed = Insert {
        key: Some(SideChain { tap: KeyTap::Post, ..SideChain::of(KeySource::Track(5)) }),
        ..effect("compressor", &[])
    };
    group.strip.inserts = vec![keyed, Insert { channels: Channels::Side, ..effect("eq", &[]) }];
    let mut room = bus("room", Destination::Master);
    room.strip.inserts = vec![effect("reverb", &[]), effect("delay", &[])];
    song.buses = vec![group, room];
    song.master.strip.inserts = vec![effect("limiter", &[])];
    song
}

/// Plays so many frames and some as an audio thread does, guarded; returns how many.
fn play(live: &Live, player: &mut Player, out: &mut Buffer, frames: usize) -> usize {
    let mut done = 0;
    for size in [256, 64, 1, 255, 256, 17].into_iter().cycle() {
        if done >= frames {
            break;
        }
        live.settle();
        player.wait_for_clips(size);
        let mut block = out.block(size);
        GUARDED.set(true);
        player.fill(&mut block);
        GUARDED.set(false);
        done += size;
    }
    done
}

#[test]
fn the_audio_thread_never_allocates_nor_frees() {
    let frames = 6 * RATE as usize;
    let sounds = [("mono", Buffer::from_mono(noise(1, 0.3, frames))), ("stereo", stereo_noise(2, 0.3, frames))];
    let library = library(&sounds);
    let mut song = everything();
    let studio = Studio { registry: tonmeister_dsp::rack(), library: Arc::clone(&library) };
    let (live, mut player) = Live::new(&song, studio, &LiveOptions::default()).expect("it plays");
    let mut out = Buffer::new(Layout::Stereo, 256);
    let second = RATE as usize;
    // Somebody listens, and is behind now and then.
    let mut heard = player.listen(1000);
    let listening = std::thread::spawn(move || {
        let (mut buffer, mut frames) = (Buffer::new(Layout::Stereo, 333), 0);
        while !heard.is_over() {
            frames += heard.take(&mut buffer.block(333));
            std::thread::yield_now();
        }
        (frames, heard.lost())
    });
    let mut given = 0;
    given += play(&live, &mut player, &mut out, 1000);
    live.play().unwrap();
    given += play(&live, &mut player, &mut out, second);
    // Turns of every kind.
    for turn in 0..20 {
        let value = f64::from(turn % 5);
        for track in &mut song.tracks[4..] {
            track.strip.set("fader_db", -value);
            track.strip.set("pan", 0.1 * value);
            track.strip.set("trim_db", -value);
            track.strip.sends[0].values[0] = -value - 1.0;
            track.strip.inserts[1].settings.set("threshold_db", -20.0 - value).unwrap();
            track.strip.inserts[1].settings.set("ratio", 2.0 + value).unwrap();
        }
        song.master.strip.set("fader_db", -0.1 * value);
        live.edit(&song);
        given += play(&live, &mut player, &mut out, second / 20);
    }
    assert_eq!(live.status().plans, 0);
    // Edits that need another plan, a loop, locates, stops.
    song.tracks[1].strip.inserts.push(effect("gate", &[]));
    live.edit(&song);
    given += play(&live, &mut player, &mut out, second / 2);
    live.set_loop(Some((2 * u64::from(RATE), 5 * u64::from(RATE) / 2))).unwrap();
    given += play(&live, &mut player, &mut out, second);
    live.locate(u64::from(RATE));
    given += play(&live, &mut player, &mut out, 3 * second);
    live.stop().unwrap();
    given += play(&live, &mut player, &mut out, second / 10);
    song.tracks.remove(2);
    song.buses[0].strip.inserts[0].key = None;
    live.edit(&song);
    live.locate(0);
    given += play(&live, &mut player, &mut out, 1000);
    live.play().unwrap();
    given += play(&live, &mut player, &mut out, second);
    assert!(live.status().plans >= 4, "{:?}", live.status());
    assert_eq!(live.status().missed_frames, 0);
    assert_eq!(live.troubles(), Vec::<String>::new());
    // What the dynamics do is told without the audio thread's help.
    assert!(live.reductions().iter().any(|r| r.strip == "t0" && r.insert == "compressor"), "{:?}", live.reductions());
    drop(player);
    assert_eq!(listening.join().unwrap(), (given, 0));
}
