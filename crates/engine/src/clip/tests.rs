use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tonmeister_core::{Block, Buffer, Layout};
use tonmeister_session::model::{CrossfadeShape, Curve, Repeat, Window};

use super::*;

const RATE: u32 = 1000;

#[test]
fn fades_start_at_silence_end_at_full_and_keep_their_promises() {
    for shape in [FadeShape::EqualPower, FadeShape::Linear, FadeShape::S, FadeShape::Exponential] {
        assert!(fade(shape, 0.0).abs() < 1e-12, "{shape:?}");
        assert!((fade(shape, 1.0) - 1.0).abs() < 1e-12, "{shape:?}");
    }
    for part in [0.1, 0.3, 0.5, 0.9] {
        let power = fade(FadeShape::EqualPower, part).powi(2) + fade(FadeShape::EqualPower, 1.0 - part).powi(2);
        assert!((power - 1.0).abs() < 1e-12, "crossing fades keep the power");
        assert!((fade(FadeShape::Linear, part) + fade(FadeShape::Linear, 1.0 - part) - 1.0).abs() < 1e-12);
        assert!((fade(FadeShape::S, part) + fade(FadeShape::S, 1.0 - part) - 1.0).abs() < 1e-12);
    }
}

/// Files in memory, and how many are open.
struct Shelf {
    files: Vec<(&'static str, Buffer)>,
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

struct Running(Buffer, usize, Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.2.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Source for Running {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: RATE, layout: self.0.layout(), frames: self.0.frames() as u64 }
    }
    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        // Short reads are allowed.
        let frames = out.frames().min(self.0.frames() - self.1).min(37);
        for channel in 0..out.layout().channels() {
            let from = &self.0.channel(channel)[self.1..self.1 + frames];
            out.channel_mut(channel)[..frames].copy_from_slice(from);
        }
        self.1 += frames;
        Ok(frames)
    }
    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let frames = (frames as usize).min(self.0.frames() - self.1);
        self.1 += frames;
        Ok(frames as u64)
    }
}

impl Library for Shelf {
    fn info(&self, audio: &str, _: u32) -> Result<SourceInfo, SourceError> {
        let found = self.files.iter().find(|(name, _)| *name == audio).map(|(_, buffer)| buffer);
        let buffer = found.ok_or_else(|| SourceError::new(format!("{audio}: there is no such file")))?;
        Ok(SourceInfo { sample_rate: RATE, layout: buffer.layout(), frames: buffer.frames() as u64 })
    }
    fn open(&self, audio: &str, _: u32) -> Result<Box<dyn Source>, SourceError> {
        let buffer = self.files.iter().find(|(name, _)| *name == audio).map(|(_, b)| b.clone()).unwrap();
        let now = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        Ok(Box::new(Running(buffer, 0, Arc::clone(&self.open))))
    }
}

fn ramp(frames: usize) -> Buffer {
    Buffer::from_mono((0..frames).map(|i| i as f32).collect())
}

fn shelf() -> Shelf {
    let noise = |seed: u32, frames: u32| -> Vec<f32> {
        (0..frames).map(|i| (i.wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(97)) as f32 / 4e9 - 0.5).collect()
    };
    let files = vec![
        ("ramp", ramp(1000)),
        ("one", Buffer::from_mono(vec![1.0; 1000])),
        ("mono", Buffer::from_mono(noise(1, 900))),
        ("stereo", Buffer::from_stereo(noise(2, 800), noise(3, 800))),
    ];
    Shelf { files, open: Arc::default(), most: Arc::default() }
}

fn play(clips: &[Clip], layout: Layout, from: u64, frames: usize, block: usize) -> Buffer {
    let library = shelf();
    let placed = place(clips, &library, RATE).unwrap();
    let mut player = ClipPlayer::new(Arc::new(library), RATE, &placed, block);
    let mut out = Buffer::new(layout, frames);
    // What was read before must not matter.
    player.read(from / 2, &mut Buffer::new(layout, block).block(block)).unwrap();
    let mut done = 0;
    while done < frames {
        let end = (done + block).min(frames);
        player.read(from + done as u64, &mut out.block_range(done, end)).unwrap();
        done = end;
    }
    out
}

fn samples(clips: &[Clip], frames: usize) -> Vec<f32> {
    play(clips, Layout::Mono, 0, frames, 64).channel(0).to_vec()
}

fn at(frames: u32) -> f64 {
    f64::from(frames) / f64::from(RATE)
}

fn stretch(audio: &str, start: u32, offset: u32, length: u32) -> Clip {
    Clip { start_s: at(start), offset_s: at(offset), length_s: Some(at(length)), ..Clip::whole(audio) }
}

fn looped(clip: Clip, until: Until, crossfade: u32) -> Clip {
    Clip { repeat: Some(Repeat { until, crossfade_s: at(crossfade) }), ..clip }
}

#[test]
fn reverse_plays_the_stretch_from_its_end() {
    let y = samples(&[Clip { reverse: true, ..stretch("ramp", 5, 100, 50) }], 70);
    assert_eq!((y[4], y[5], y[6], y[54], y[55]), (0.0, 149.0, 148.0, 100.0, 0.0));
}

#[test]
fn a_loop_plays_its_stretch_in_a_row() {
    let y = samples(&[looped(stretch("ramp", 0, 100, 30), Until::Count(3), 0)], 100);
    assert_eq!((y[29], y[30], y[59], y[60], y[89], y[90]), (129.0, 100.0, 129.0, 100.0, 129.0, 0.0));
    let y = samples(&[looped(stretch("ramp", 0, 100, 30), Until::Length(0.07), 0)], 100);
    assert_eq!((y[60], y[69], y[70]), (100.0, 109.0, 0.0));
    let back = Clip { reverse: true, ..looped(stretch("ramp", 0, 100, 30), Until::Count(2), 0) };
    let y = samples(&[back], 100);
    assert_eq!((y[0], y[29], y[30], y[59], y[60]), (129.0, 100.0, 129.0, 100.0, 0.0));
}

#[test]
fn a_loop_cross_fades_into_what_comes_before_its_stretch() {
    // Level like sounds: the file itself goes on through the join, so a straight cross-fade of a ramp stays between.
    let clip = Clip { crossfade_shape: CrossfadeShape::Linear, ..stretch("ramp", 0, 100, 30) };
    let y = samples(&[looped(clip.clone(), Until::Count(2), 10)], 60);
    assert_eq!((y[19], y[30], y[59]), (119.0, 100.0, 129.0));
    for i in 0..10_u32 {
        let part = (f64::from(i) + 0.5) / 10.0;
        let wanted = f64::from(120 + i) * (1.0 - part) + f64::from(90 + i) * part;
        assert!((f64::from(y[20 + i as usize]) - wanted).abs() < 1e-4, "{i}");
    }
    let back = Clip { reverse: true, ..looped(clip.clone(), Until::Count(2), 10) };
    let y = samples(&[back], 60);
    assert_eq!((y[19], y[30], y[59]), (110.0, 129.0, 100.0));
    assert!((y[20] - (109.0 * 0.95 + 139.0 * 0.05)).abs() < 1e-4);
    // The join of equal power keeps the power of what is not alike.
    let y = samples(&[looped(stretch("one", 0, 100, 30), Until::Count(2), 10)], 60);
    assert!((y[25] - (2.0_f32).sqrt()).abs() < 0.01 && y[35] == 1.0);
    let library = shelf();
    let error = place(&[looped(stretch("ramp", 0, 5, 30), Until::Count(2), 10)], &library, RATE).unwrap_err().message;
    assert!(error.contains("0.005 s to play before it"), "{error}");
}

#[test]
fn a_clip_takes_over_from_the_one_before_it() {
    let second = |start, crossfade, shape| Clip {
        crossfade_s: at(crossfade),
        crossfade_shape: shape,
        ..stretch("one", start, 200, 100)
    };
    let y = samples(&[stretch("one", 0, 0, 100), second(50, 20, CrossfadeShape::Linear)], 160);
    // Like sounds keep their level: one all through the join, and no more of the first behind it.
    assert!(y[..150].iter().all(|y| (y - 1.0).abs() < 1e-6) && y[150] == 0.0);
    let y = samples(&[stretch("one", 0, 0, 100), second(50, 20, CrossfadeShape::EqualPower)], 160);
    assert!((y[59] - 2.0_f32.sqrt()).abs() < 0.01 && (y[70] - 1.0).abs() < 1e-6);
    let library = shelf();
    let short = place(&[stretch("one", 0, 0, 60), second(50, 20, CrossfadeShape::Linear)], &library, RATE);
    assert!(short.unwrap_err().message.contains("ends 0.010 s too early"));
    assert!(
        place(&[second(50, 20, CrossfadeShape::Linear)], &library, RATE).unwrap_err().message.contains("before it")
    );
}

#[test]
fn gain_moves_in_the_clips_own_time_and_fades_have_their_own_shapes() {
    let point = |time_s, value| Point::new(time_s, value, Curve::DbLinear);
    let clip = Clip { gain: vec![point(0.0, -20.0), point(0.1, 0.0)], gain_db: 6.0, ..stretch("one", 40, 0, 200) };
    let y = samples(&[clip], 300);
    let gain = |db: f64| 10f64.powf(db / 20.0) as f32;
    assert!(
        (y[40] - gain(-14.0)).abs() < 1e-5 && (y[90] - gain(-4.0)).abs() < 1e-5 && (y[239] - gain(6.0)).abs() < 1e-5
    );
    let clip = Clip {
        fade_in_s: 0.1,
        fade_out_s: 0.1,
        fade_in_shape: FadeShape::Linear,
        fade_out_shape: FadeShape::S,
        ..stretch("one", 0, 0, 300)
    };
    let y = samples(&[clip], 300);
    assert!((y[24] - 0.245).abs() < 1e-6 && (y[275] - fade(FadeShape::S, 0.245) as f32).abs() < 1e-6);
}

#[test]
fn a_muted_clip_keeps_its_time() {
    let library = shelf();
    let placed = place(&[Clip { mute: true, ..stretch("one", 0, 0, 100) }], &library, RATE).unwrap();
    assert_eq!(placed[0].end(), 100);
    assert!(samples(&[Clip { mute: true, ..stretch("one", 0, 0, 100) }], 100).iter().all(|y| *y == 0.0));
}

#[test]
fn a_window_shows_what_the_clip_would_have_played() {
    let clip = Clip {
        fade_in_s: 0.1,
        reverse: true,
        gain: vec![Point::new(0.0, -12.0, Curve::Hold), Point::new(0.2, 0.0, Curve::DbLinear)],
        ..looped(stretch("ramp", 0, 100, 70), Until::Count(4), 20)
    };
    let whole = samples(std::slice::from_ref(&clip), 300);
    let window = Window { from_s: 0.03, until_s: Some(0.25), ..Window::ALL };
    let part = samples(&[Clip { start_s: 0.01, window: Some(window), ..clip.clone() }], 300);
    assert_eq!(part[10..230], whole[30..250]);
    assert!(part[230..].iter().all(|y| *y == 0.0));
    // A window that ends behind the clip has no fade there; one that begins behind it is silence.
    let late = Window { from_s: 0.2, until_s: Some(9.0), fade_out_s: 0.1, ..Window::ALL };
    let part = samples(&[Clip { window: Some(late), ..clip.clone() }], 300);
    assert_eq!(part[..80], whole[200..280]);
    let never = Window { from_s: 5.0, ..Window::ALL };
    assert!(samples(&[Clip { window: Some(never), ..clip }], 300).iter().all(|y| *y == 0.0));
}

#[test]
fn only_what_sounds_is_open() {
    let clips: Vec<Clip> = (0..200).map(|i| stretch("ramp", i * 10, i % 900, 15)).collect();
    let library = shelf();
    let most = Arc::clone(&library.most);
    let placed = place(&clips, &library, RATE).unwrap();
    let mut player = ClipPlayer::new(Arc::new(library), RATE, &placed, 5);
    let mut out = Buffer::new(Layout::Mono, 5);
    for block in 0..402 {
        player.read(block * 5, &mut out.block(5)).unwrap();
    }
    assert!(most.load(Ordering::Relaxed) <= 3, "{} files were open at once", most.load(Ordering::Relaxed));
}

fn any_clip() -> impl Strategy<Value = Clip> {
    let times = (0_u32..600, 50_u32..300, 20_u32..400, 0_u32..50, 0_u32..50);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), 0_usize..3, 0_u32..6, any::<bool>());
    (times, flags).prop_map(
        |((start, offset, length, fade_in, fade_out), (stereo, reverse, gained, shape, passes, cut))| {
            let audio = if stereo { "stereo" } else { "mono" };
            let mut clip = Clip {
                reverse,
                fade_in_s: at(fade_in.saturating_sub(20)),
                fade_out_s: at(fade_out.saturating_sub(20)),
                fade_in_shape: FadeShape::ALL[shape],
                gain_db: if gained { -2.0 } else { 0.0 },
                ..stretch(audio, start, offset, length)
            };
            if gained && cut {
                clip.gain = vec![Point::new(0.02, -9.0, Curve::S), Point::new(0.2, 1.0, Curve::S)];
            }
            if passes > 1 {
                clip = looped(clip, Until::Count(passes), (fade_in / 3).min(length));
            }
            if cut {
                let (from_s, until_s) = (at(fade_in), Some(at(length + fade_out)));
                clip.window = Some(Window { from_s, until_s, fade_in_s: 0.01, fade_out_s: 0.02, ..Window::ALL });
            }
            clip
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// From any frame, in blocks of any size, to the bit.
    #[test]
    fn the_middle_is_what_it_was(
        mut clips in prop::collection::vec(any_clip(), 1..5),
        from in 0_u64..1500,
        block in 1_usize..200,
    ) {
        clips.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        let layout = Layout::Stereo;
        let whole = play(&clips, layout, 0, 2500, 200);
        let middle = play(&clips, layout, from, 700, block);
        for channel in 0..2 {
            let wanted = &whole.channel(channel)[from as usize..from as usize + 700];
            prop_assert!(middle.channel(channel).iter().zip(wanted).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}
