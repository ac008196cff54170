//! The live driver's half of the engine: the same bits as a render, loops without a gap, controls without a click.
#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use support::draw::{any_song, follow_levels, keyed_song, lane};
use support::{above_3_khz_db, bus, gain, library, peak_db, registry, render, render_span, send, song, track, wait};
use tonmeister_core::{Block, Buffer, Layout, ParamIndex};
use tonmeister_dsp::testing::{noise, sine, stereo_noise};
use tonmeister_engine::{Executor, Feed, Library, Reel, Span, Timeline, compile, turns};
use tonmeister_session::model::{
    Curve, Destination, Insert, KeySource, KeyTap, PanLaw, SideChain, Song, StripAt, Tap, Target, Vca,
};
use tonmeister_session::tables::{SEND, STRIP, place};

/// Reads where it is asked: a test may wait.
struct Direct(Reel);

impl Feed for Direct {
    fn read(&mut self, at: i64, out: &mut Block<'_>) {
        assert_eq!(at, self.0.at(), "frames are asked for in order");
        self.0.read(out).expect("audio from memory");
    }
}

fn executor(song: &Song, library: &Arc<dyn Library>, timeline: Timeline, at: i64) -> Executor {
    let compiled = compile(song, &registry(), &**library).expect("it compiles");
    Executor::live(compiled, library, 256, (timeline, at), &mut |reel| Box::new(Direct(reel)))
}

/// Plays so many frames in blocks of those sizes, cut where the timeline jumps.
fn play(executor: &mut Executor, frames: usize, sizes: &[usize]) -> Buffer {
    let mut out = Buffer::new(Layout::Stereo, 0);
    for size in sizes.iter().cycle() {
        let count = executor.straight((*size).min(frames - out.frames()));
        if count == 0 {
            break;
        }
        executor.next_block(count).expect("it plays");
        let master = executor.plan().outputs[0].node;
        out.append(executor.made(master, count));
    }
    out
}

fn latency(executor: &Executor) -> usize {
    executor.plan().outputs[0].latency as usize
}

fn sounds() -> Arc<dyn Library> {
    library(&[("mono", Buffer::from_mono(noise(1, 0.5, 9000))), ("stereo", stereo_noise(2, 0.5, 9000))])
}

fn part(buffer: &Buffer, from: usize, to: usize) -> Buffer {
    let channel = |c: usize| buffer.channel(c)[from..to].to_vec();
    Buffer::from_stereo(channel(0), channel(1))
}

fn difference_db(one: &Buffer, other: &Buffer) -> f64 {
    let channel = |c: usize| one.channel(c).iter().zip(other.channel(c)).map(|(a, b)| a - b).collect();
    peak_db(&Buffer::from_stereo(channel(0), channel(1)))
}

proptest! {
    #[test]
    fn live_has_the_bits_of_a_render(song in prop_oneof![any_song(), keyed_song(), follow_levels(keyed_song())], a in 1_usize..257, b in 1_usize..257, from in 0_u64..7000) {
        let library = sounds();
        let (offline, _) = render(&song, &library, &registry(), 1, 512).unwrap();
        let mut live = executor(&song, &library, Timeline::STRAIGHT, 0);
        let late = latency(&live);
        let heard = play(&mut live, late + 9000, &[a, b]);
        prop_assert!(part(&heard, late, late + 9000) == part(&offline, 0, 9000), "from the start");
        // From the middle it has the bits of a span, pre-roll and all.
        let pre_roll = 1500.min(from);
        let (options, span) = ((1, 512), Span { from, to: 9000, pre_roll });
        let offline = render_span(&song, &library, &registry(), options, span).unwrap();
        let mut live = executor(&song, &library, Timeline::STRAIGHT, (from - pre_roll) as i64);
        let late = latency(&live) + pre_roll as usize;
        let frames = 9000 - from as usize;
        let heard = play(&mut live, late + frames, &[b, a]);
        prop_assert!(part(&heard, late, late + frames) == offline, "from the middle");
    }

    /// Whatever the paths' latencies, every node jumps back when the jump reaches it: behind the 58 ms in which gains and
    /// clips go over, each round has the render's samples. What moves along a curve may round otherwise where the loop
    /// begins between two points of the grid: less than −120 dB. Levels that are
    /// followed look back as far as the plan says, and ahead to the end of their step of 64 frames.
    #[test]
    fn a_loop_comes_round_everywhere_at_once(song in prop_oneof![any_song(), keyed_song(), follow_levels(keyed_song())], size in 1_usize..257, from in 0_u64..2000, length in 3000_u64..7000) {
        let library = sounds();
        let (offline, _) = render(&song, &library, &registry(), 1, 512).unwrap();
        let to = from + length;
        let mut live = executor(&song, &library, Timeline::looped(from, to).unwrap(), 0);
        let late = latency(&live);
        let rounds = 3;
        let heard = play(&mut live, late + (to + rounds * length) as usize, &[size]);
        let (to, length, from) = (to as usize, length as usize, from as usize);
        // What leads in the last step of a loop, a render would hear behind it.
        let sure = if live.plan().looks_back() > 0 { to / 64 * 64 } else { to };
        prop_assert!(part(&heard, late, late + sure) == part(&offline, 0, sure), "the first round");
        for round in 0..rounds as usize {
            let start = late + to + round * length;
            let behind = (2800 + live.plan().looks_back() as usize).min(length);
            let end = behind.max(length - (to - sure));
            let apart = difference_db(&part(&heard, start + behind, start + end), &part(&offline, from + behind, from + end));
            prop_assert!(apart < -120.0, "round {round}: {apart} dB");
        }
    }
}

/// Something that is turned in a song.
type Change<'a> = &'a dyn Fn(&mut Song);

/// A song of a tone, and one of its controls turned while it plays.
fn turned(song: &Song, change: &dyn Fn(&mut Song), times: usize) -> Buffer {
    let library = library(&[("tone", Buffer::from_mono(sine(1000.0, 0.4, support::RATE, 96_000)))]);
    let mut live = executor(&song.at_hand(), &library, Timeline::STRAIGHT, 0);
    let mut out = play(&mut live, 24_000, &[256]);
    let mut other = song.clone();
    change(&mut other);
    let (mut here, mut there) = (song.clone(), other);
    for _ in 0..times {
        let turned = turns(live.plan(), &here.at_hand(), &there.at_hand());
        assert!(turned.complete, "the edit is all turns");
        assert!(!turned.turns.is_empty());
        turned.turns.iter().for_each(|turn| live.turn(turn));
        out.append(play(&mut live, 48_000 / times, &[256]).view(48_000 / times));
        std::mem::swap(&mut here, &mut there);
    }
    out
}

/// One turn, and a hundred in a second, each of which overtakes the one before. Measured, the worst of each: −147.6 dB
/// (trim), and −139.0 dB (polarity; all others −145.3 dB and less).
#[test]
fn turning_a_control_makes_no_zipper_noise() {
    let mut base = song();
    base.pan_law = PanLaw::Minus3;
    base.tracks = vec![track("tone", "tone", Destination::Master)];
    base.buses = vec![bus("room", Destination::Master)];
    base.tracks[0].strip.sends = vec![send(0, Tap::Pre)];
    base.tracks[0].strip.inserts = vec![wait(100)];
    for (param, to) in [("fader_db", -12.0), ("pan", 0.5), ("mute", 1.0), ("trim_db", -12.0), ("polarity", 1.0)] {
        let change = |song: &mut Song| song.tracks[0].strip.set(param, to);
        let noises = [1, 100].map(|times| above_3_khz_db(&turned(&base, &change, times)));
        println!("{param}: {noises:.1?} dB");
        assert!(noises.iter().all(|noise| *noise < -130.0), "{param}: {noises:?} dB");
    }
    // What stands above it, and what is soloed beside it.
    let mut other = track("other", "tone", Destination::Master);
    other.strip.set("fader_db", -150.0);
    base.tracks.push(other);
    base.vcas = vec![Vca::new("band", vec!["tone".into()])];
    let above: [(&str, Change<'_>); 5] = [
        ("trim of the fader", &|song| song.tracks[0].strip.set("fader_trim_db", -6.0)),
        ("vca", &|song| song.vcas[0].strip.set("fader_db", -12.0)),
        ("trim of the vca", &|song| song.vcas[0].strip.set("fader_trim_db", 6.0)),
        ("mute of the vca", &|song| song.vcas[0].strip.set("mute", 1.0)),
        ("solo", &|song| song.tracks[1].strip.set("solo", 1.0)),
    ];
    for (what, change) in above {
        let noises = [1, 100].map(|times| above_3_khz_db(&turned(&base, change, times)));
        println!("{what}: {noises:.1?} dB");
        assert!(noises.iter().all(|noise| *noise < -130.0), "{what}: {noises:?} dB");
    }
    let change = |song: &mut Song| song.tracks[0].strip.sends[0].values[place(SEND, "level_db")] = -20.0;
    let noises = [1, 100].map(|times| above_3_khz_db(&turned(&base, &change, times)));
    println!("send: {noises:.1?} dB");
    assert!(noises.iter().all(|noise| *noise < -130.0), "send: {noises:?} dB");
}

/// Behind its 58 ms, a control that was turned sounds as if it had stood there from the beginning.
#[test]
fn a_control_that_was_turned_stands_where_it_was_put() {
    let library = sounds();
    let mut one = song();
    one.tracks = vec![track("a", "mono", Destination::Bus(0)), track("b", "stereo", Destination::Master)];
    one.buses = vec![bus("room", Destination::Master)];
    one.tracks[1].strip.sends = vec![send(0, Tap::Post)];
    one.tracks[1].strip.inserts = vec![gain(0.5)];
    let mut other = one.clone();
    other.tracks[0].strip.set("pan", 0.3);
    other.tracks[0].strip.set("trim_db", -3.0);
    other.tracks[1].strip.set("width", 0.4);
    other.tracks[1].strip.sends[0].values[place(SEND, "level_db")] = -7.0;
    other.tracks[1].strip.inserts = vec![gain(0.75)];
    other.master.strip.set("fader_db", -4.0);
    let (offline, _) = render(&other, &library, &registry(), 1, 512).unwrap();
    let mut live = executor(&one, &library, Timeline::STRAIGHT, 0);
    let before = play(&mut live, 1000, &[256]);
    assert!(part(&before, 0, 1000) != part(&offline, 0, 1000));
    let turned = turns(live.plan(), &one.lowered(), &other.lowered());
    assert!(turned.complete);
    assert_eq!(turned.turns.len(), 6);
    turned.turns.iter().for_each(|turn| live.turn(turn));
    let after = play(&mut live, 8000, &[256]);
    assert!(part(&after, 2800, 8000) == part(&offline, 3800, 9000));
}

/// The same of what stands above strips: VCAs, in one another too, their mutes and trims, and solos, before and behind
/// sends. Turned back, it sounds as before.
#[test]
fn what_stands_above_strips_is_turned_like_a_fader() {
    let library = sounds();
    let mut base = song();
    base.pan_law = PanLaw::Minus3;
    base.tracks = vec![track("a", "mono", Destination::Bus(0)), track("b", "stereo", Destination::Master)];
    base.buses = vec![bus("group", Destination::Master), bus("room", Destination::Master)];
    base.tracks[0].strip.sends = vec![send(1, Tap::Post)];
    base.tracks[1].strip.sends = vec![send(1, Tap::Pre)];
    base.tracks[1].strip.inserts = vec![gain(0.5), wait(70)];
    base.tracks[1].strip.set("mute_pre", 1.0);
    base.vcas =
        vec![Vca::new("all", vec!["group".into(), "some".into()]), Vca::new("some", vec!["a".into(), "b".into()])];
    let changes: [Change<'_>; 8] = [
        &|song| song.vcas[0].strip.set("fader_db", -3.5),
        &|song| song.vcas[1].strip.set("fader_trim_db", 2.0),
        &|song| song.vcas[1].strip.set("mute", 1.0),
        &|song| song.tracks[0].strip.set("fader_trim_db", -4.0),
        &|song| song.tracks[1].strip.set("mute", 1.0),
        &|song| song.tracks[0].strip.set("solo", 1.0),
        &|song| song.tracks[1].strip.set("solo", 1.0),
        &|song| song.buses[1].strip.set("solo", 1.0),
    ];
    let (before, _) = render(&base, &library, &registry(), 1, 512).unwrap();
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = base.clone();
        change(&mut other);
        let (offline, _) = render(&other, &library, &registry(), 1, 512).unwrap();
        let mut live = executor(&base.at_hand(), &library, Timeline::STRAIGHT, 0);
        let late = latency(&live);
        let first = play(&mut live, 1000, &[256]);
        assert!(part(&first, late, 1000) == part(&before, 0, 1000 - late), "{number}: not touched");
        let mut here = base.at_hand();
        for (song, wanted, begins) in [(&other, &offline, 1000), (&base, &before, 5000)] {
            let turned = turns(live.plan(), &here, &song.at_hand());
            assert!(turned.complete && !turned.turns.is_empty(), "{number}: all of it is turns");
            turned.turns.iter().for_each(|turn| live.turn(turn));
            here = turned.song;
            let after = play(&mut live, 4000, &[256]);
            // Signals that wait for others wait behind their gains.
            let from = begins + 2800;
            assert!(
                part(&after, 2800 + late, 4000) == part(wanted, from, from + 1200 - late),
                "{number} from {begins}"
            );
        }
    }
}

/// Two tracks of the same file are two tracks: a hand on one leaves the other where it is, and a key before the inserts is
/// turned with the trim of its source.
#[test]
fn a_turn_reaches_what_it_should_and_nothing_else() {
    let library = sounds();
    let mut one = song();
    one.tracks = vec![track("a", "mono", Destination::Master), track("b", "mono", Destination::Master)];
    let key = SideChain { tap: KeyTap::PreInserts, ..SideChain::of(KeySource::Track(0)) };
    let post = SideChain { tap: KeyTap::Post, ..SideChain::of(KeySource::Track(1)) };
    one.master.strip.inserts = vec![Insert { key: Some(key), ..gain(0.5) }, Insert { key: Some(post), ..gain(0.5) }];
    one.master.strip.inserts[1].id = "second".into();
    for (track, param) in [(0, "fader_db"), (0, "trim_db"), (1, "fader_db"), (1, "mute"), (1, "pan"), (1, "trim_db")] {
        let mut other = one.clone();
        other.tracks[track].strip.set(param, 1.0);
        let (offline, _) = render(&other, &library, &registry(), 1, 512).unwrap();
        let mut live = executor(&one, &library, Timeline::STRAIGHT, 0);
        play(&mut live, 1000, &[256]);
        let turned = turns(live.plan(), &one.lowered(), &other.lowered());
        assert!(turned.complete);
        turned.turns.iter().for_each(|turn| live.turn(turn));
        let after = play(&mut live, 8000, &[256]);
        assert!(part(&after, 2800, 8000) == part(&offline, 3800, 9000), "{param} of {track}");
    }
}

/// What cannot be turned is told apart: what was silent, what moves by itself, what changes the structure.
#[test]
fn an_edit_that_needs_a_new_plan_is_known() {
    let library = sounds();
    let mut base = song();
    base.tracks = vec![track("a", "mono", Destination::Master), track("b", "mono", Destination::Master)];
    base.tracks[0].strip.set("mute", 1.0);
    let fader = Target::Strip(place(STRIP, "fader_db"));
    base.tracks[1].strip.automation = vec![lane(fader, &[(0.0, 0.0, Curve::Hold), (1.0, -6.0, Curve::Linear)])];
    base.tracks[1].strip.inserts = vec![gain(0.5)];
    let live = executor(&base, &library, Timeline::STRAIGHT, 0);
    let plan = Arc::clone(live.plan());
    let ask = |change: &dyn Fn(&mut Song)| {
        let mut other = base.clone();
        change(&mut other);
        turns(&plan, &base.lowered(), &other.lowered())
    };
    let all = |t: tonmeister_engine::Turned| (t.turns.len(), t.complete);
    assert_eq!(all(ask(&|_| {})), (0, true));
    assert_eq!(all(ask(&|song| song.tracks[0].strip.set("mute", 0.0))), (0, false), "it was left out of the plan");
    assert_eq!(all(ask(&|song| song.tracks[1].strip.set("fader_db", -3.0))), (0, false), "its fader moves by itself");
    assert_eq!(all(ask(&|song| song.tracks[1].strip.set("delay_samples", 5.0))), (0, false));
    assert_eq!(all(ask(&|song| song.tracks[1].strip.inserts.push(wait(3)))), (0, false));
    let both = ask(&|song| {
        song.tracks[1].strip.inserts.push(wait(3));
        song.tracks[1].strip.inserts[0] = gain(0.25);
        song.strip_mut(StripAt::Master).set("fader_db", -1.0);
    });
    assert_eq!(all(both.clone()), (2, false), "what can be turned is turned at once");
    let param = Target::Insert { insert: 0, param: ParamIndex(0) };
    assert_eq!(both.song.tracks[1].strip.value(param), 0.25);
}
