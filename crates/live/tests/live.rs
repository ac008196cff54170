//! What is heard of a song that plays while it is edited.
#![allow(missing_docs)]

#[path = "../../engine/tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Duration;

use support::{RATE, above_3_khz_db, bus, insert, library, peak_db, render, render_span, send, song, track};
use tonmeister_core::{Block, Buffer, Layout, Registry, Settings, Source, SourceError, SourceInfo};
use tonmeister_dsp::testing::{noise, sine, stereo_noise};
use tonmeister_engine::{Library, Span};
use tonmeister_live::{Clocked, Live, LiveError, LiveOptions, Output, Pace, Player, Studio, streamed};
use tonmeister_session::model::{Bus, Curve, Destination, Insert, Lane, PanLaw, Point, Song, Tap, Target};
use tonmeister_session::tables::{STRIP, place};

const SECOND: u64 = RATE as u64;

fn effect(id: &str, values: &[(&str, f64)]) -> Insert {
    let rack = tonmeister_dsp::rack();
    let mut settings = Settings::new(rack.spec(id).expect("an effect of the rack"));
    for (key, value) in values {
        settings.set(key, *value).expect("a value in range");
    }
    insert(id, settings)
}

fn sounds() -> Arc<dyn Library> {
    let frames = 6 * RATE as usize;
    library(&[("mono", Buffer::from_mono(noise(1, 0.3, frames))), ("stereo", stereo_noise(2, 0.3, frames))])
}

/// Strips with filters, dynamics and latency, a room, a bus compressor that listens to a track, moves, a limiter.
fn desk() -> Song {
    let mut song = song();
    song.pan_law = PanLaw::Minus3;
    for i in 0..6_usize {
        let to = if i % 2 == 0 { Destination::Bus(0) } else { Destination::Master };
        let mut t = track(&format!("t{i}"), ["mono", "stereo"][i % 2], to);
        let mut eq = effect("eq", &[]);
        eq.settings.push("highpass", &[("hz", 80.0)]).expect("a filter");
        eq.settings.push("bells", &[("hz", 2000.0), ("gain_db", 3.0)]).expect("a bell");
        t.strip.inserts = vec![eq, effect("compressor", &[("threshold_db", -30.0), ("ratio", 3.0)])];
        t.strip.set("fader_db", -6.0 - i as f64);
        t.strip.set("pan", i as f64 * 0.2 - 0.5);
        t.strip.sends = vec![send(1, Tap::Post)];
        song.tracks.push(t);
    }
    let fader = Target::Strip(place(STRIP, "fader_db"));
    let points = [(0.3, -12.0, Curve::Hold), (1.7, -3.0, Curve::S), (3.0, -9.0, Curve::Linear)];
    let points = points.map(|(at, value, curve)| Point::new(at, value, curve));
    song.tracks[2].strip.automation = vec![Lane::new(fader, points.into())];
    let mut group: Bus = bus("group", Destination::Master);
    group.strip.inserts = vec![effect("compressor", &[("threshold_db", -24.0)])];
    let mut room = bus("room", Destination::Master);
    room.strip.inserts = vec![effect("delay", &[])];
    song.buses = vec![group, room];
    song.master.strip.inserts = vec![effect("limiter", &[])];
    song
}

fn rack() -> Registry {
    tonmeister_dsp::rack()
}

fn stage(song: &Song, library: &Arc<dyn Library>, options: &LiveOptions) -> (Live, Player) {
    let studio = Studio { registry: rack(), library: Arc::clone(library) };
    Live::new(song, studio, options).expect("it plays")
}

/// Asks for so many frames in blocks of those sizes, waiting for clips as no audio thread could: what is heard then does
/// not depend on the machine.
fn hear(live: &Live, player: &mut Player, frames: usize, sizes: &[usize]) -> Buffer {
    let mut out = Buffer::new(Layout::Stereo, frames);
    let mut done = 0;
    for size in sizes.iter().cycle() {
        if done == frames {
            break;
        }
        live.settle();
        let end = (done + size).min(frames);
        player.wait_for_clips(end - done);
        player.fill(&mut out.block_range(done, end));
        done = end;
    }
    assert_eq!(live.status().missed_frames, 0);
    out
}

fn part(buffer: &Buffer, from: usize, to: usize) -> Buffer {
    let channel = |c: usize| buffer.channel(c)[from..to].to_vec();
    Buffer::from_stereo(channel(0), channel(1))
}

fn difference_db(one: &Buffer, other: &Buffer) -> f64 {
    let channel = |c: usize| one.channel(c).iter().zip(other.channel(c)).map(|(a, b)| a - b).collect();
    peak_db(&Buffer::from_stereo(channel(0), channel(1)))
}

fn span(song: &Song, library: &Arc<dyn Library>, from: u64, frames: u64, pre_roll: u64) -> Buffer {
    let span = Span { from, to: from + frames, pre_roll };
    render_span(song, library, &rack(), (1, 512), span).expect("it renders")
}

#[test]
fn what_is_heard_is_what_is_rendered() {
    let (song, library) = (desk(), sounds());
    let (offline, _) = render(&song, &library, &rack(), 2, 4096).unwrap();
    let (live, mut player) = stage(&song, &library, &LiveOptions::default());
    let still = hear(&live, &mut player, 1000, &[256]);
    assert_eq!(peak_db(&still), f64::NEG_INFINITY, "it stands still");
    live.play().unwrap();
    let heard = hear(&live, &mut player, 5 * RATE as usize, &[256, 100, 300, 1]);
    assert!(heard == part(&offline, 0, 5 * RATE as usize), "{} dB", difference_db(&heard, &offline));
    assert_eq!(live.frame(), 5 * SECOND);
}

/// A locate has the bits of a span with the same pre-roll, behind the 20 ms of the cross-fade.
#[test]
fn a_locate_is_heard_as_a_render_from_there() {
    let (song, library) = (desk(), sounds());
    let (live, mut player) = stage(&song, &library, &LiveOptions { pre_roll_s: 1.0, ..LiveOptions::default() });
    live.play().unwrap();
    hear(&live, &mut player, 10_000, &[256]);
    live.locate(3 * SECOND + 77);
    let heard = hear(&live, &mut player, 30_000, &[256]);
    assert_eq!(live.status().plans, 1);
    let offline = span(&song, &library, 3 * SECOND + 77, 30_000, SECOND);
    assert!(part(&heard, 960, 30_000) == part(&offline, 960, 30_000));
    // While it stands still, it is there at once, and comes in over 10 ms.
    live.stop().unwrap();
    hear(&live, &mut player, 1000, &[256]);
    live.locate(SECOND);
    hear(&live, &mut player, 256, &[256]);
    assert_eq!(live.frame(), SECOND);
    live.play().unwrap();
    let heard = hear(&live, &mut player, 30_000, &[256]);
    let offline = span(&song, &library, SECOND, 30_000, SECOND);
    assert!(part(&heard, 480, 30_000) == part(&offline, 480, 30_000));
}

/// A plan that does the same as the one before takes over unheard. Measured with a pre-roll of 2 s through equalizers,
/// compressors, a feedback delay and a limiter: bit for bit.
#[test]
fn an_edit_that_changes_nothing_changes_nothing() {
    let (song, library) = (desk(), sounds());
    let (live, mut player) = stage(&song, &library, &LiveOptions::default());
    live.play().unwrap();
    let before = hear(&live, &mut player, 3 * RATE as usize, &[256]);
    let mut other = song.clone();
    other.tracks[1].strip.inserts.push(Insert { bypass: true, ..effect("gain", &[]) });
    live.edit(&other);
    let after = hear(&live, &mut player, 2 * RATE as usize, &[256]);
    assert_eq!(live.status().plans, 1, "another plan took over");
    let (offline, _) = render(&song, &library, &rack(), 2, 4096).unwrap();
    assert!(before == part(&offline, 0, 3 * RATE as usize));
    let apart = difference_db(&after, &part(&offline, 3 * RATE as usize, 5 * RATE as usize));
    println!("a plan that does the same: {apart:.1} dB");
    assert!(apart < -140.0, "{apart} dB");
}

/// A tone goes on through edits that change who is heard where and how late: inserts with latency come and go, a send, a
/// bus. Measured: −140.9 dB above 3 kHz, and nowhere less than the tone.
#[test]
fn structural_edits_leave_no_gap() {
    let library = library(&[("tone", Buffer::from_mono(sine(1000.0, 0.4, RATE, 8 * RATE as usize)))]);
    let mut song = song();
    song.pan_law = PanLaw::Minus3;
    song.tracks = vec![track("tone", "tone", Destination::Master)];
    song.buses = vec![bus("room", Destination::Master)];
    let (live, mut player) = stage(&song, &library, &LiveOptions::default());
    live.play().unwrap();
    let mut out = hear(&live, &mut player, 24_000, &[256]);
    let edits: [&dyn Fn(&mut Song); 5] = [
        &|song| song.tracks[0].strip.inserts.push(effect("limiter", &[])),
        &|song| song.tracks[0].strip.sends.push(send(0, Tap::Post)),
        &|song| song.tracks[0].strip.output = Some(Destination::Bus(0)),
        &|song| song.tracks[0].strip.inserts.clear(),
        &|song| song.tracks[0].strip.sends.clear(),
    ];
    for edit in edits {
        edit(&mut song);
        live.edit(&song);
        out.append(hear(&live, &mut player, 24_000, &[256]).view(24_000));
    }
    assert_eq!(live.status().plans, 5);
    assert_eq!(live.frame(), 144_000, "time never stood still");
    let noise = above_3_khz_db(&out);
    println!("structural edits: {noise:.1} dB");
    assert!(noise < -100.0, "{noise} dB");
    // The tone's power over each 10 ms never falls below what it was: there is no hole.
    let power = |from: usize| out.channel(0)[from..from + 480].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    let least = (0..out.frames() / 480).map(|i| power(i * 480)).fold(f64::MAX, f64::min);
    assert!(least > 0.99 * power(4800), "{least} of {}", power(4800));
}

/// A loop that is set while the song plays is heard when it comes round, and a song that plays on when it is taken away.
#[test]
fn a_loop_is_set_and_taken_away_while_it_plays() {
    let library = sounds();
    let mut song = song();
    song.tracks = vec![track("a", "mono", Destination::Master)];
    let (live, mut player) = stage(&song, &library, &LiveOptions::default());
    let (offline, _) = render(&song, &library, &rack(), 1, 4096).unwrap();
    live.play().unwrap();
    let mut heard = hear(&live, &mut player, 20_000, &[256]);
    live.set_loop(Some((10_000, 34_000))).unwrap();
    heard.append(hear(&live, &mut player, 50_000, &[256]).view(50_000));
    live.set_loop(None).unwrap();
    heard.append(hear(&live, &mut player, 40_000, &[256]).view(40_000));
    assert!(part(&heard, 0, 34_000) == part(&offline, 0, 34_000), "up to the loop's end");
    // Behind the seam of 5 ms every round is the song's.
    assert!(part(&heard, 34_240, 58_000) == part(&offline, 10_240, 34_000), "the second round");
    // 12 000 frames into the third round it was taken away.
    assert!(part(&heard, 58_240, 110_000) == part(&offline, 10_240, 62_000), "the third, and on");
    assert_eq!(live.frame(), 62_000);
    let refused = live.set_loop(Some((5, 7))).unwrap_err();
    assert!(matches!(refused, LiveError::Option(_)), "{refused}");
}

/// A turn is on its way with the next block, whatever is being prepared. Measured against a render in which the controls
/// stood there all along: −108 dB after 2.5 s; detectors forget exponentially.
#[test]
fn turns_do_not_wait_for_plans() {
    let (mut song, library) = (desk(), sounds());
    // An echo rightly repeats what a control was at.
    song.buses[1].strip.inserts.clear();
    let (live, mut player) = stage(&song, &library, &LiveOptions::default());
    live.play().unwrap();
    hear(&live, &mut player, 10_000, &[256]);
    song.tracks[0].strip.set("fader_db", -20.0);
    song.tracks[1].strip.inserts[1].settings.set("ratio", 6.0).unwrap();
    live.edit(&song);
    hear(&live, &mut player, 2 * RATE as usize, &[256]);
    assert_eq!(live.status().plans, 0, "turns need no plan");
    // A turn and another insert at once; then another turn while that is prepared.
    song.tracks[3].strip.set("pan", 0.9);
    song.tracks[3].strip.inserts.push(effect("gain", &[("gain_db", -1.0)]));
    live.edit(&song);
    song.tracks[4].strip.set("fader_db", -3.0);
    live.edit(&song);
    hear(&live, &mut player, 5 * RATE as usize / 2, &[256]);
    let heard = hear(&live, &mut player, RATE as usize, &[256]);
    assert_eq!(live.status().plans, 1);
    let from = live.frame() - SECOND;
    let offline = span(&song, &library, from, SECOND, from);
    let apart = difference_db(&heard, &offline);
    println!("turned and rebuilt against rendered: {apart:.1} dB");
    assert!(apart < -100.0, "{apart} dB");
}

#[test]
fn an_edit_that_cannot_be_is_told_and_the_song_plays_on() {
    let (song, library) = (desk(), sounds());
    let (live, mut player) = stage(&song, &library, &LiveOptions::default());
    live.play().unwrap();
    hear(&live, &mut player, 5000, &[256]);
    let mut other = song.clone();
    other.tracks[0].clips[0].audio = "nowhere".into();
    live.edit(&other);
    hear(&live, &mut player, 5000, &[256]);
    assert_eq!(live.status().plans, 0);
    let troubles = live.troubles();
    assert!(troubles.len() == 1 && troubles[0].contains("nowhere"), "{troubles:?}");
    live.edit(&song);
    hear(&live, &mut player, 5000, &[256]);
    assert_eq!(live.troubles(), Vec::<String>::new());
}

/// Audio that comes slower than it sounds, or breaks off.
struct Slow {
    inner: Arc<dyn Library>,
    wait: Duration,
    breaks: bool,
}

struct SlowSource {
    inner: Box<dyn Source>,
    wait: Duration,
    left: usize,
}

impl Library for Slow {
    fn info(&self, audio: &str, rate: u32) -> Result<SourceInfo, SourceError> {
        self.inner.info(audio, rate)
    }
    fn open(&self, audio: &str, rate: u32) -> Result<Box<dyn Source>, SourceError> {
        let left = if self.breaks && audio == "mono" { 20 } else { usize::MAX };
        Ok(Box::new(SlowSource { inner: self.inner.open(audio, rate)?, wait: self.wait, left }))
    }
}

impl Source for SlowSource {
    fn info(&self) -> SourceInfo {
        self.inner.info()
    }
    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        std::thread::sleep(self.wait);
        self.left = self.left.checked_sub(1).ok_or_else(|| SourceError::new("mono: the disk is gone"))?;
        self.inner.read(out)
    }
    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        self.inner.skip(frames)
    }
}

#[test]
fn clips_that_come_too_late_are_counted() {
    let slow = Slow { inner: sounds(), wait: Duration::from_millis(30), breaks: false };
    let library: Arc<dyn Library> = Arc::new(slow);
    let mut song = song();
    song.tracks = vec![track("a", "mono", Destination::Master), track("b", "stereo", Destination::Master)];
    let (live, mut player) = stage(&song, &library, &LiveOptions { ahead_s: 0.1, ..LiveOptions::default() });
    live.play().unwrap();
    let mut out = Buffer::new(Layout::Stereo, 3 * RATE as usize);
    player.fill(&mut out.block(3 * RATE as usize));
    let missed = live.status().missed_frames;
    assert!(missed > 2 * SECOND, "{missed}");
    assert_eq!(live.frame(), 3 * SECOND, "time went on");
}

#[test]
fn a_file_that_breaks_off_is_told_and_the_others_play_on() {
    let library: Arc<dyn Library> = Arc::new(Slow { inner: sounds(), wait: Duration::ZERO, breaks: true });
    let mut song = song();
    song.tracks = vec![track("a", "mono", Destination::Master), track("b", "stereo", Destination::Master)];
    let (live, mut player) = stage(&song, &library, &LiveOptions::default());
    live.play().unwrap();
    let out = hear(&live, &mut player, RATE as usize, &[256]);
    let troubles = live.troubles();
    assert!(troubles.len() == 1 && troubles[0].contains("the disk is gone"), "{troubles:?}");
    assert!(peak_db(&part(&out, 40_000, 48_000)) > -20.0, "the other track");
}

#[test]
fn it_stops_without_a_click_and_goes_on_where_it_stood() {
    let library = library(&[("tone", Buffer::from_mono(sine(1000.0, 0.4, RATE, 4 * RATE as usize)))]);
    let mut song = song();
    song.tracks = vec![track("tone", "tone", Destination::Master)];
    let (live, mut player) = stage(&song, &library, &LiveOptions::default());
    live.play().unwrap();
    let mut out = hear(&live, &mut player, 20_000, &[256]);
    live.stop().unwrap();
    let stopped = hear(&live, &mut player, 10_000, &[100]);
    assert_eq!(peak_db(&part(&stopped, 480, 10_000)), f64::NEG_INFINITY);
    assert_eq!(live.frame(), 20_480);
    assert!(!live.status().playing);
    out.append(stopped.view(10_000));
    live.play().unwrap();
    out.append(hear(&live, &mut player, 20_000, &[256]).view(20_000));
    assert_eq!(live.frame(), 40_480);
    let noise = above_3_khz_db(&out);
    println!("stop and play: {noise:.1} dB");
    assert!(noise < -100.0, "{noise} dB");
}

#[test]
fn outputs_keep_their_clock_and_meters_show_the_level() {
    let library = library(&[("tone", Buffer::from_mono(sine(1000.0, 0.5, RATE, 4 * RATE as usize)))]);
    let mut song = song();
    song.pan_law = PanLaw::Zero;
    song.tracks = vec![track("tone", "tone", Destination::Master)];
    song.tracks[0].strip.set("fader_db", -6.0);
    let (offline, _) = render(&song, &library, &rack(), 1, 512).unwrap();
    let (live, player) = stage(&song, &library, &LiveOptions::default());
    live.play().unwrap();
    let (sink, mut samples, dropped) = streamed(2 * RATE as usize);
    let output = Box::new(Clocked::new(sink, Pace::Free).for_frames(SECOND));
    let playing = output.start(player).unwrap();
    while !playing.is_over() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let performance = playing.stop().unwrap();
    assert_eq!(performance.blocks, SECOND.div_ceil(256));
    let chunk = samples.read_chunk(2 * RATE as usize).unwrap();
    let left: Vec<f32> = chunk.into_iter().step_by(2).collect();
    assert!(left == offline.channel(0)[..RATE as usize]);
    assert_eq!(dropped.load(std::sync::atomic::Ordering::Relaxed), 0);
    let meters = live.meters();
    let level = |strip: &str| meters.iter().find(|meter| meter.strip == strip).expect("a meter").clone();
    assert!((level("tone").peak_dbfs[0] + 6.02).abs() < 0.01, "{meters:?}");
    assert!((level("master").peak_dbfs[1] + 12.02).abs() < 0.01, "{meters:?}");
    assert!((level("tone").rms_dbfs[0] + 9.03).abs() < 0.4, "{meters:?}");
    assert!(matches!(live.play(), Err(LiveError::Deaf)), "nobody is there any more");
    // By the wall, at the speed of sound.
    let (live, player) = stage(&song, &library, &LiveOptions::default());
    live.play().unwrap();
    let playing = Box::new(Clocked::null(Pace::Wall(1.0)).for_frames(SECOND / 4)).start(player).unwrap();
    let begun = std::time::Instant::now();
    while !playing.is_over() {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(begun.elapsed() > Duration::from_millis(200), "no faster than the wall's clock");
    assert_eq!(playing.stop().unwrap().blocks, (SECOND / 4).div_ceil(256));
}
