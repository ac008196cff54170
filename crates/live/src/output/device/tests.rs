use cpal::{SupportedBufferSize, SupportedStreamConfigRange};
use tonmeister_core::Registry;
use tonmeister_session::model::Destination;

use super::*;
use crate::live::{Live, LiveOptions, Studio};

#[path = "../../../../engine/tests/support/mod.rs"]
mod support;

fn takes(channels: u16, (min, max): (u32, u32), format: SampleFormat) -> SupportedStreamConfigRange {
    SupportedStreamConfigRange::new(channels, min, max, SupportedBufferSize::Unknown, format)
}

#[test]
fn a_device_is_asked_for_the_best_that_it_takes() {
    let any = (8000, 192_000);
    let chosen = |all: &[SupportedStreamConfigRange]| {
        let shape = Shape::best(all, 48_000, 256)?;
        assert_eq!(shape.config.sample_rate, 48_000);
        Ok::<_, OutputError>((shape.config.channels, shape.format))
    };
    let all = [takes(1, any, SampleFormat::F32), takes(2, any, SampleFormat::I16), takes(2, any, SampleFormat::F32)];
    assert_eq!(chosen(&all), Ok((2, SampleFormat::F32)));
    assert_eq!(
        chosen(&[takes(8, any, SampleFormat::I32), takes(1, any, SampleFormat::I16)]),
        Ok((1, SampleFormat::I16))
    );
    assert_eq!(chosen(&[takes(8, any, SampleFormat::I32)]), Ok((8, SampleFormat::I32)));
    let refused = chosen(&[takes(2, (44_100, 44_100), SampleFormat::F32)]).unwrap_err().0;
    assert!(refused.contains("takes 44100 Hz, and the song is at 48000 Hz"), "{refused}");
    assert!(refused.contains("--to"), "{refused}");
}

fn feed(channels: u16, frames: u64) -> (Live, Feed) {
    let mut sound = Buffer::new(Layout::Stereo, 9600);
    for (i, x) in sound.channel_mut(0).iter_mut().enumerate() {
        *x = (i + 1) as f32 / 10_000.0;
    }
    let mut song = support::song();
    song.sample_rate_hz = 48_000;
    song.tracks = vec![support::track("t", "sound", Destination::Master)];
    let studio = Studio { registry: Registry::new(), library: support::library(&[("sound", sound)]) };
    let (live, player) = Live::new(&song, studio, &LiveOptions::default()).unwrap();
    live.play().unwrap();
    let counts = Arc::new(Counts::new(256.0 / 48_000.0));
    (live, Feed::new(player, channels, Some(frames), counts, Arc::new(Told::default())))
}

/// Silence first, then every frame once, whatever is asked for at a time, then silence until the last has been heard.
#[test]
fn the_song_is_heard_whole() {
    for channels in [1_u16, 2, 4] {
        let (_live, mut feed) = feed(channels, 1000);
        let latency = Duration::from_secs_f64(1024.0 / 48_000.0);
        let mut heard: Vec<f32> = Vec::new();
        let mut sizes = [100, 333, 512, 7].into_iter().cycle();
        while !feed.told.over.load(Ordering::Acquire) {
            let mut out = vec![9.0_f32; sizes.next().unwrap() * usize::from(channels)];
            feed.player.wait_for_clips(512);
            feed.fill(&mut out, latency);
            heard.extend(out.chunks(channels.into()).map(|frame| frame[0]));
            assert!(out.chunks(channels.into()).all(|frame| frame[1..].iter().all(|x| *x == 0.0)));
        }
        let lead = (LEAD_S * 48_000.0) as usize;
        assert!(heard[..lead].iter().all(|x| *x == 0.0));
        let part = if channels == 1 { 0.5 } else { 1.0 };
        for (i, x) in heard[lead..lead + 1000].iter().enumerate() {
            assert_eq!(*x, part * (i + 1) as f32 / 10_000.0, "{channels} channels, frame {i}");
        }
        let rest = &heard[lead + 1000..];
        assert!(rest.iter().all(|x| *x == 0.0) && rest.len() > 1024, "{} frames behind it", rest.len());
        let performance = feed.counts.performance();
        assert_eq!(performance.frames, 1000);
        assert!((performance.latency_ms.unwrap() - 21.333).abs() < 0.01);
    }
}

/// One error says nothing; a device that is gone, or says nothing else for two seconds, is lost, and what it said is kept.
#[test]
fn what_a_device_says_is_borne_for_a_while() {
    let counts = Counts::new(0.01);
    let told = Told::default();
    let error = |kind| cpal::Error::with_message(kind, "the cable");
    told.error(&error(ErrorKind::Xrun), &counts);
    told.error(&error(ErrorKind::BackendError), &counts);
    assert_eq!(counts.performance().xruns, 1);
    assert!(!told.lost.load(Ordering::Acquire));
    told.waited_ns.store(PATIENCE.as_nanos() as u64, Ordering::Relaxed);
    told.error(&error(ErrorKind::BackendError), &counts);
    assert!(told.lost.load(Ordering::Acquire) && told.error.get().unwrap().contains("the cable"));
    let told = Told::default();
    told.error(&error(ErrorKind::DeviceNotAvailable), &counts);
    assert!(told.lost.load(Ordering::Acquire));
}
