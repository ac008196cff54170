use tonmeister_core::{Buffer, GainReduction, Layout, Levels};

use super::*;
use crate::chance::Random;

fn noise(layout: Layout, frames: usize) -> Buffer {
    let mut chance = Random::new(7);
    let mut audio = Buffer::new(layout, frames);
    for channel in 0..layout.channels() {
        audio.channel_mut(channel).iter_mut().for_each(|x| *x = chance.unit() as f32 - 0.5);
    }
    audio
}

/// Names of nodes come from the engine only; a song of one file gives one.
fn name(number: u64) -> Name {
    use tonmeister_engine::{Library, compile};
    use tonmeister_session::model::{Clip, Destination, Song, Strip, Track};
    struct Nothing;
    impl Library for Nothing {
        fn info(&self, _: &str, sample_rate: u32) -> Result<tonmeister_core::SourceInfo, tonmeister_core::SourceError> {
            Ok(tonmeister_core::SourceInfo { sample_rate, layout: Layout::Mono, frames: 10 })
        }
        fn open(&self, _: &str, _: u32) -> Result<Box<dyn tonmeister_core::Source>, tonmeister_core::SourceError> {
            Err(tonmeister_core::SourceError::new("nothing"))
        }
    }
    let mut song = Song::empty(48_000);
    let strip = Strip::new(Some(Destination::Master));
    let clips = vec![Clip::whole(number.to_string())];
    song.tracks = vec![Track { id: "a".into(), role: None, clips, check: Vec::new(), strip }];
    compile(&song, &tonmeister_core::Registry::new(), &Nothing).unwrap().plan.nodes[0].name
}

const RATE: u32 = 48_000;

fn shape(audio: &Buffer) -> Shape {
    Shape { sample_rate: RATE, layout: audio.layout(), frames: audio.frames() as u64 }
}

fn told() -> Told {
    let levels = Levels { true_peak_dbtp: Some(-6.1), integrated_lufs: Some(-18.2), ..Levels::default() };
    Told {
        reductions: vec![(2, GainReduction { now_db: 1.0, max_db: 2.0, mean_db: 0.5 })],
        levels: vec![(0, Levels { correlation: Some(0.5), ..levels }), (3, Levels::default())],
    }
}

fn put(shelf: &DiskShelf, name: &Name, audio: &Buffer) {
    let mut keeper = shelf.keep(name, shape(audio)).expect("there is room");
    for from in (0..audio.frames()).step_by(1000) {
        keeper.push(audio.view(audio.frames()).part(from, (from + 1000).min(audio.frames())));
    }
    keeper.finish(&told());
}

#[test]
fn what_is_kept_comes_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = DiskShelf::open(folder.path(), 1 << 30).unwrap();
    for (number, (layout, frames)) in
        [(Layout::Mono, 0), (Layout::Mono, 1), (Layout::Stereo, 4096), (Layout::Stereo, 10_001)].into_iter().enumerate()
    {
        let (audio, name) = (noise(layout, frames), name(number as u64));
        assert!(shelf.find(&name, shape(&audio)).is_none());
        put(&shelf, &name, &audio);
        let mut kept = shelf.find(&name, shape(&audio)).expect("it is there");
        assert_eq!(kept.told, told());
        let mut back = Buffer::new(layout, frames);
        let mut done = 0;
        while done < frames {
            done += kept.source.read(&mut back.block_range(done, (done + 700).min(frames))).unwrap();
        }
        assert!(back == audio);
        // From the middle, too.
        let mut kept = shelf.find(&name, shape(&audio)).expect("it is there");
        let skip = frames as u64 / 3 * 2;
        kept.source.skip(skip / 2).unwrap();
        assert_eq!(kept.source.skip(skip - skip / 2).unwrap(), skip - skip / 2);
        let rest = frames - skip as usize;
        let mut back = Buffer::new(layout, rest);
        assert_eq!(kept.source.read(&mut back.block_range(0, rest)).unwrap(), rest);
        assert_eq!(back.channel(0), &audio.channel(0)[skip as usize..]);
        // Longer than what lies there is not there.
        let longer = Shape { frames: frames as u64 + 1, ..shape(&audio) };
        assert!(shelf.find(&name, longer).is_none());
    }
}

#[test]
fn a_damaged_render_is_found_and_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = DiskShelf::open(folder.path(), 1 << 30).unwrap();
    let (audio, name) = (noise(Layout::Stereo, 9000), name(1));
    put(&shelf, &name, &audio);
    let path = shelf.place(&name);
    let whole = fs::read(&path).unwrap();
    // Header, samples, hashes, end: one bit anywhere, and every length that is too short.
    for at in (0..whole.len()).step_by(997).chain([0, 20, 39, 40, whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 16;
        fs::write(&path, &bytes).unwrap();
        let found = shelf.find(&name, shape(&audio));
        let mut back = Buffer::new(Layout::Stereo, 9000);
        let failed = found.is_none_or(|mut kept| kept.source.read(&mut back.block_range(0, 9000)).is_err());
        assert!(failed, "byte {at}");
        assert!(!path.exists());
    }
    assert!(shelf.take_damage() && !shelf.take_damage());
    // A header that is whole but claims more than there can be.
    let mut bytes = whole.clone();
    bytes[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    let sum = twox_hash::XxHash3_128::oneshot(&bytes[..24]);
    bytes[24..40].copy_from_slice(&sum.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    assert!(shelf.find(&name, shape(&audio)).is_none());
    for length in (0..whole.len()).step_by(4001) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(shelf.find(&name, shape(&audio)).is_none(), "{length} bytes");
    }
}

#[test]
fn the_shelf_stays_within_its_size_and_the_oldest_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let audio = noise(Layout::Mono, 40_960);
    let each = 10 * (4096 * 4 + 16) + 40;
    let shelf = DiskShelf::open(folder.path(), 5 * each).unwrap();
    let now = SystemTime::now();
    for number in 0..4 {
        put(&shelf, &name(number), &audio);
        // Clocks of file systems are coarse; so that the order is certain, it is written down.
        let age = Duration::from_secs(100 - 10 * number);
        File::options().write(true).open(shelf.place(&name(number))).unwrap().set_modified(now - age).unwrap();
    }
    // One render does not push out its own parts: four of them fill nine tenths of the shelf.
    assert!(shelf.keep(&name(9), shape(&audio)).is_none());
    shelf.tidy();
    // The oldest was of use just now, so it stays.
    assert!(shelf.find(&name(0), shape(&audio)).is_some());
    put(&shelf, &name(4), &audio);
    put(&shelf, &name(5), &audio);
    shelf.tidy();
    let there: Vec<u64> = (0..6).filter(|n| shelf.place(&name(*n)).exists()).collect();
    assert_eq!(there, [0, 3, 4, 5]);
}

#[test]
fn a_source_is_known_by_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = DiskShelf::open(&folder.path().join("shelf"), 1 << 20).unwrap();
    let (a, b) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
    fs::write(&a, b"one take").unwrap();
    fs::write(&b, b"one take").unwrap();
    let content = shelf.content(&a).unwrap();
    assert_eq!(content, shelf.content(&b).unwrap());
    // Of the same length and in the same moment: not believed by its time.
    fs::write(&a, b"two take").unwrap();
    assert_ne!(content, shelf.content(&a).unwrap());
    let long_ago = SystemTime::now() - Duration::from_secs(1000);
    File::options().write(true).open(&b).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(content, shelf.content(&b).unwrap());
    assert_eq!(content, shelf.content(&b).unwrap(), "as it was remembered");
    assert!(shelf.content(&folder.path().join("none")).is_err());
}
