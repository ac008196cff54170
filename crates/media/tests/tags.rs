//! Tags of every container: written, read back, and read by other programs.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{material, noise, read_all, run};
use tempfile::TempDir;
use tonmeister_core::Buffer;
use tonmeister_media::tags::{
    Advisory, Embedded, Loudness, Marker, MusicalKey, Position, R128Gains, ReplayGain, Role, Tagged, rewrite, tags,
};
use tonmeister_media::{Bext, BextLoudness, Format, IntegerBits, Mp3Mode, SampleFormat, Tags, Writer, open};

/// Every field, in several scripts.
fn full() -> Tags {
    let mut full = Tags {
        title: Some("夜のドライブ — Über die Brücke 🎧".into()),
        version: Some("Radio Édit".into()),
        album: Some("Ночь & Night".into()),
        album_artist: Some("Ann Øster".into()),
        isrc: Some("GB-AYE-69-00301".parse().unwrap()),
        barcode: Some("4006381333931".parse().unwrap()),
        catalog_number: Some("TON 001".into()),
        label: Some("Example Records".into()),
        phonogram_line: Some("2026 Example Records".into()),
        copyright_line: Some("2026 Écho Publishing".into()),
        genres: vec!["Electronic".into(), "Dream Pop".into()],
        language: Some("ja".parse().unwrap()),
        advisory: Some(Advisory::Clean),
        lyrics: Some("一行目\nzweite Zeile\nthird line".into()),
        track: Some(Position { number: 3, of: Some(12) }),
        disc: Some(Position { number: 1, of: Some(2) }),
        released: Some("2026-03-14".parse().unwrap()),
        bpm: Some(121.5),
        key: Some(MusicalKey::parse("F#m").unwrap()),
        comment: Some("Mastered; see liner notes".into()),
        replay_gain: ReplayGain {
            track_gain_db: Some(-6.78),
            track_peak: Some(1.012346),
            album_gain_db: Some(-8.0),
            album_peak: Some(1.2),
        },
        r128: R128Gains { track: Some(-573), album: Some(-1280) },
        encoder: Some("Tonmeister 0.1".into()),
        compilation: true,
        gapless: true,
        ..Tags::default()
    };
    for (role, name) in [
        (Role::Main, "Ann Øster"),
        (Role::Main, "Bo & the Cats"),
        (Role::Featured, "宇多田"),
        (Role::Remixer, "DJ Ré"),
        (Role::Producer, "Cy"),
        (Role::Producer, "Dee"),
        (Role::Conductor, "Eve"),
        (Role::Composer, "Flo"),
        (Role::Composer, "Gus"),
        (Role::Lyricist, "Hal"),
        (Role::Arranger, "Ida"),
        (Role::Performer, "Jo"),
        (Role::Engineer, "Kim"),
        (Role::Mixer, "Lou"),
        (Role::Mastering, "Max"),
    ] {
        full.credit(role, name);
    }
    full
}

fn broadcast() -> Bext {
    Bext {
        time_reference: 172_800_000,
        description: "Night Drive".into(),
        originator: "Tonmeister".into(),
        originator_reference: "TON001-03".into(),
        date: "2026-03-14".into(),
        time: "12:34:56".into(),
        version: 2,
        umid: None,
        loudness: BextLoudness {
            integrated_lufs: Some(-14.03),
            range_lu: Some(6.5),
            max_true_peak_dbtp: Some(-1.02),
            max_momentary_lufs: Some(-9.9),
            max_short_term_lufs: None,
        },
        coding_history: "A=PCM,F=48000,W=24,M=stereo,T=Tonmeister\nA=FLAC,F=48000,W=24,M=stereo".into(),
    }
}

/// A small JPEG: pictures of a file are carried as they are.
fn cover(size: u32) -> Embedded {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(size, size, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    Embedded { kind: 3, mime: "image/jpeg".into(), description: String::new(), bytes: bytes.into_inner() }
}

/// A second of noise as WAV, and as what ffmpeg makes of it; none (said loudly) without ffmpeg.
fn sound(folder: &TempDir, name: &str, options: &[&str]) -> Option<PathBuf> {
    let input = folder.path().join("in.wav");
    let audio = Buffer::from_stereo(noise(1, 0.3, 48_000), noise(2, 0.3, 48_000));
    let path = folder.path().join(name);
    let direct = match name.rsplit('.').next() {
        Some("wav") => Some(Format::Wav(SampleFormat::Int24)),
        Some("flac") if options.is_empty() => Some(Format::Flac(IntegerBits::Sixteen)),
        _ => None,
    };
    let to = if direct.is_some() { &path } else { &input };
    let mut writer =
        Writer::create(to, direct.unwrap_or(Format::Wav(SampleFormat::Int16)), 48_000, audio.layout()).unwrap();
    writer.write(audio.view(48_000)).unwrap();
    writer.finish().unwrap();
    if direct.is_some() {
        return Some(path);
    }
    let (from, to) = (input.to_str().unwrap(), path.to_str().unwrap());
    run("ffmpeg", &[&["-v", "error", "-nostdin", "-y", "-i", from][..], options, &[to]].concat()).then_some(path)
}

/// The MD5 of the decoded audio by ffmpeg, and of how much it complains; without ffmpeg (said loudly) by our own reader.
fn sound_of(path: &Path) -> String {
    let arguments = ["-v", "error", "-nostdin", "-i", path.to_str().unwrap(), "-map", "0:a", "-f", "md5", "-"];
    let Ok(output) = Command::new("ffmpeg").args(arguments).output() else {
        eprintln!("SKIPPED: `ffmpeg` is not installed, so our own reader compares the sound of {}", path.display());
        let sound = read_all(&mut *open(path).unwrap().source, &[4096]);
        let channels: Vec<_> = (0..sound.layout().channels()).map(|channel| sound.channel(channel)).collect();
        return format!("{channels:?}");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Some real files have packets that it complains of; there must not be more of them afterwards.
    let complaints = String::from_utf8_lossy(&output.stderr).lines().count();
    format!("{} {complaints} complaints", String::from_utf8_lossy(&output.stdout).trim())
}

/// What a program says, whatever its mood.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        eprintln!("SKIPPED: `{program}` is not installed");
        return None;
    };
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Tags a file, reads it back and compares; the sound must be the same. Gives back what was read.
fn round_trip(path: &Path, given: &Tags, cover: Option<&Embedded>) -> Tagged {
    let before = sound_of(path);
    rewrite(path, given, cover).unwrap();
    assert_eq!(sound_of(path), before, "{}", path.display());
    open(path).unwrap();
    let got = tags(path).unwrap();
    assert_eq!(got.tags, *given, "{}", path.display());
    assert_eq!(got.pictures.first(), cover);
    got
}

const SHOWN: [&str; 9] = [
    "夜のドライブ — Über die Brücke 🎧 (Radio Édit)",
    "Ann Øster & Bo & the Cats feat. 宇多田",
    "Ночь & Night",
    "2026-03-14",
    "GBAYE6900301",
    "4006381333931",
    "TON 001",
    "Example Records",
    "一行目",
];

fn ffprobe_sees(path: &Path, expected: &[&str]) {
    let arguments =
        ["-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "default", path.to_str().unwrap()];
    let Some(text) = said("ffprobe", &arguments) else { return };
    for part in expected {
        assert!(text.contains(part), "{}: ffprobe does not see {part}:\n{text}", path.display());
    }
}

#[test]
fn flac_holds_everything_and_its_audio_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = sound(&folder, "a.flac", &[]).unwrap();
    let given = Tags { gapless: false, r128: R128Gains::default(), ..full() };
    let cover = cover(64);
    let got = round_trip(&path, &given, Some(&cover));
    assert_eq!(got.unknown, []);
    ffprobe_sees(&path, &SHOWN);
    ffprobe_sees(&path, &["REPLAYGAIN_TRACK_GAIN=-6.78 dB", "REPLAYGAIN_TRACK_PEAK=1.012346", "BPM=121.5"]);
    if let Some(text) = said("metaflac", &["--list", path.to_str().unwrap()]) {
        assert!(text.contains("comment[0]: TITLE=夜のドライブ") && text.contains("type: 6 (PICTURE)"), "{text}");
        assert!(text.contains("width: 64") && text.contains("(Cover (front))"), "{text}");
    }
    run("flac", &["-s", "-t", path.to_str().unwrap()]);
    // The second time the tags fit into the padding, and nothing moves.
    let size = std::fs::metadata(&path).unwrap().len();
    let other = Tags { title: Some("Another title".into()), ..given };
    round_trip(&path, &other, Some(&cover));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
}

#[test]
fn mp3_holds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = sound(&folder, "a.mp3", &["-b:a", "192k", "-write_id3v1", "1"]) else { return };
    let given = Tags { r128: R128Gains::default(), ..full() };
    let got = round_trip(&path, &given, Some(&cover(64)));
    assert_eq!(got.unknown, []);
    ffprobe_sees(&path, &SHOWN);
    ffprobe_sees(&path, &["track=3/12", "REPLAYGAIN_ALBUM_GAIN=-8.00 dB", "compilation=1", "TSRC=GBAYE6900301"]);
    let shorter = Tags { lyrics: None, title: Some("x".into()), ..given };
    let size = std::fs::metadata(&path).unwrap().len();
    round_trip(&path, &shorter, Some(&cover(64)));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), size, "the rest of the old tag is padding");
}

#[test]
fn m4a_holds_everything_wherever_its_index_stands() {
    for (name, options) in [
        ("behind.m4a", &["-c:a", "aac", "-b:a", "128k"][..]),
        ("front.m4a", &["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"][..]),
        ("alac.m4a", &["-c:a", "alac"][..]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let Some(path) = sound(&folder, name, options) else { return };
        let given = Tags { r128: R128Gains::default(), ..full() };
        let got = round_trip(&path, &given, Some(&cover(64)));
        assert_eq!(got.unknown, [], "{name}");
        ffprobe_sees(&path, &SHOWN);
        ffprobe_sees(&path, &["gapless_playback=1", "compilation=1", "track=3/12", "disc=1/2", "BPM=121.5"]);
        // A picture that is larger moves the audio again, and a smaller one leaves room.
        round_trip(&path, &given, Some(&cover(300)));
        round_trip(&path, &given, Some(&cover(20)));
        let minimal = Tags { title: Some("t".into()), ..Tags::default() };
        rewrite(&path, &minimal, None).unwrap();
        assert_eq!((tags(&path).unwrap().tags, tags(&path).unwrap().pictures.len()), (minimal, 1));
    }
}

#[test]
fn vorbis_and_opus_hold_everything_and_their_pages_stay_whole() {
    for (name, options) in [("a.ogg", &["-c:a", "libvorbis"][..]), ("a.opus", &["-c:a", "libopus", "-b:a", "96k"][..])]
    {
        let folder = tempfile::tempdir().unwrap();
        let Some(path) = sound(&folder, name, options) else { return };
        let opus = name.ends_with("opus");
        let given = if opus {
            Tags { gapless: false, replay_gain: ReplayGain::default(), ..full() }
        } else {
            Tags { gapless: false, r128: R128Gains::default(), ..full() }
        };
        // A picture of more than a page: the header grows to several pages and all that follow get new numbers.
        let large = cover(600);
        assert!(large.bytes.len() > 100_000, "{}", large.bytes.len());
        let got = round_trip(&path, &given, Some(&large));
        assert_eq!(got.unknown, []);
        ffprobe_sees(&path, &SHOWN);
        let checked =
            if opus { said("opusinfo", &[path.to_str().unwrap()]) } else { said("ogginfo", &[path.to_str().unwrap()]) };
        if let Some(text) = checked {
            assert!(!text.to_lowercase().contains("warning") && !text.contains("hole"), "{text}");
            assert!(text.contains("ISRC=GBAYE6900301"), "{text}");
            assert!(!opus || text.contains("R128_TRACK_GAIN=-573") && !text.contains("REPLAYGAIN"), "{text}");
        }
        round_trip(&path, &given, Some(&cover(16)));
    }
}

#[test]
fn aiff_holds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = sound(&folder, "a.aiff", &[]) else { return };
    let given = Tags { r128: R128Gains::default(), ..full() };
    let got = round_trip(&path, &given, Some(&cover(64)));
    assert_eq!(got.unknown, []);
    ffprobe_sees(&path, &SHOWN);
    let bytes = std::fs::read(&path).unwrap();
    for name in [b"NAME", b"AUTH", b"ANNO", b"(c) ", b"ID3 "] {
        assert_eq!(bytes.windows(4).filter(|four| four == name).count(), 1, "{}", String::from_utf8_lossy(name));
    }
    assert_eq!(u32::from_be_bytes(bytes[4..8].try_into().unwrap()) as usize, bytes.len() - 8);
    round_trip(&path, &given, Some(&cover(20)));
}

#[test]
fn wav_holds_everything_and_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = sound(&folder, "a.wav", &[]).unwrap();
    let markers = vec![
        Marker { frame: 0, length: 0, label: "Start".into() },
        Marker { frame: 24_000, length: 12_000, label: "サビ".into() },
    ];
    let given = Tags { r128: R128Gains::default(), broadcast: Some(broadcast()), markers, ..full() };
    let got = round_trip(&path, &given, Some(&cover(64)));
    assert_eq!(got.unknown, []);
    ffprobe_sees(&path, &SHOWN[..4]);
    ffprobe_sees(
        &path,
        &["originator_reference=TON001-03", "time_reference=172800000", "coding_history=A=PCM,F=48000"],
    );
    if let Some(text) = said("mediainfo", &["-f", path.to_str().unwrap()]) {
        for part in ["GBAYE6900301", "TON001-03", "夜のドライブ"] {
            assert!(text.contains(part), "mediainfo does not see {part}:\n{text}");
        }
    }
    // Once more: the room before the audio is there, and nothing grows.
    let size = std::fs::metadata(&path).unwrap().len();
    round_trip(&path, &given, Some(&cover(64)));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
    let plain = Tags { title: Some("t".into()), ..Tags::default() };
    rewrite(&path, &plain, None).unwrap();
    let got = tags(&path).unwrap();
    assert_eq!((got.tags, got.pictures.len()), (plain, 1), "the picture stays, the rest goes");
}

/// Every format that is written here takes its tags with it, in one go; the audio of WAV and FLAC does not move.
#[test]
fn what_is_written_here_is_tagged_before_it_appears() {
    let folder = tempfile::tempdir().unwrap();
    let audio = Buffer::from_stereo(noise(1, 0.3, 48_000), noise(2, 0.3, 48_000));
    let mut formats = vec![
        Format::Wav(SampleFormat::Float32),
        Format::Aiff(SampleFormat::Int24),
        Format::Flac(IntegerBits::TwentyFour),
        Format::Alac(IntegerBits::TwentyFour),
        Format::Vorbis { tenths: 50 },
        Format::Opus { kbps: 128 },
    ];
    if run("lame", &["--version"]) {
        formats.push(Format::Mp3(Mp3Mode::Cbr(192)));
    }
    if cfg!(feature = "aac") || run("ffmpeg", &["-version"]) {
        formats.push(Format::Aac { kbps: 192 });
    }
    for format in formats {
        let path = folder.path().join(format!("{format:?}").replace(' ', ""));
        let wave = matches!(format, Format::Wav(_));
        let opus = matches!(format, Format::Opus { .. });
        let mut given = full();
        given.gapless = false;
        given.broadcast = wave.then(broadcast);
        if opus {
            given.replay_gain = ReplayGain::default();
        } else {
            given.r128 = R128Gains::default();
        }
        let cover = cover(200);
        let room = given.room(format, Some(&cover));
        let mut writer = Writer::create_with_room(&path, format, 48_000, audio.layout(), room).unwrap();
        writer.write(audio.view(48_000)).unwrap();
        let mut placed = 0;
        if wave || matches!(format, Format::Flac(_)) {
            // The same file without tags, to see where the audio stood.
            let bare = folder.path().join("bare");
            let mut writer = Writer::create_with_room(&bare, format, 48_000, audio.layout(), room).unwrap();
            writer.write(audio.view(48_000)).unwrap();
            writer.finish().unwrap();
            placed = audio_at(&std::fs::read(&bare).unwrap());
        }
        let (written, warnings) = writer.finish_tagged(&given, Some(&cover)).unwrap();
        assert_eq!((written.frames, warnings), (48_000, vec![]));
        let got = tags(&path).unwrap();
        assert_eq!((&got.tags, &got.unknown), (&given, &vec![]), "{format:?}");
        assert_eq!(got.pictures, [cover]);
        if placed > 0 {
            assert_eq!(audio_at(&std::fs::read(&path).unwrap()), placed, "{format:?}: the audio moved");
        }
        assert_eq!(open(&path).unwrap().info.frames, 48_000);
        ffprobe_sees(&path, &SHOWN[..4]);
    }
    let path = folder.path().join("refused.flac");
    let mut writer = Writer::create(&path, Format::Flac(IntegerBits::Sixteen), 48_000, audio.layout()).unwrap();
    writer.write(audio.view(100)).unwrap();
    let wrong = Tags { title: Some("a\nb".into()), ..Tags::default() };
    let error = writer.finish_tagged(&wrong, None).unwrap_err().to_string();
    assert!(error.contains("title: character 2 is a line break"), "{error}");
    assert!(!path.exists(), "what breaks a rule does not appear");
}

/// Where the audio of a WAV or FLAC file begins.
fn audio_at(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"fLaC") {
        let mut at = 4;
        loop {
            let last = bytes[at] & 0x80 != 0;
            at += 4 + u32::from_be_bytes([0, bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
            if last {
                return at;
            }
        }
    }
    bytes.windows(4).position(|four| four == b"data").unwrap()
}

/// What other programs have written and is none of ours stays, in every container.
#[test]
fn fields_of_other_programs_stay() {
    for (name, options) in [
        ("a.mp3", &[][..]),
        ("a.m4a", &["-movflags", "+use_metadata_tags"][..]),
        ("a.ogg", &["-c:a", "libvorbis"][..]),
        ("a.opus", &["-c:a", "libopus"][..]),
        ("a.flac", &["-c:a", "flac"][..]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let more = ["-metadata", "title=Old", "-metadata", "MOOD=calm", "-metadata", "ISRC=not a code"];
        let Some(path) = sound(&folder, name, &[&more[..], options].concat()) else { return };
        let mut got = tags(&path).unwrap();
        assert_eq!(got.tags.title.as_deref(), (name != "a.m4a").then_some("Old"), "{name}");
        let told = |got: &Tagged, text: &str| got.unknown.iter().any(|(_, value)| value == text);
        // (ffmpeg writes free names into M4A in a way of its own, which is not iTunes' list.)
        assert!(name == "a.m4a" || (told(&got, "calm") && told(&got, "not a code")), "{name}: {got:?}");
        got.tags.title = Some("New".into());
        rewrite(&path, &got.tags, None).unwrap();
        let again = tags(&path).unwrap();
        assert_eq!(again.tags, got.tags, "{name}");
        assert!(name == "a.m4a" || told(&again, "calm"), "{name}: {again:?}");
        ffprobe_sees(&path, &["=New"]);
        if name != "a.m4a" {
            ffprobe_sees(&path, &["=calm"]);
        }
    }
}

/// `loudgain` writes the gains of Opus too: ours, from the loudness that it shows, are the same but for what a hundredth
/// of a decibel can do (three steps of 1/256).
#[test]
fn opus_gains_are_those_of_loudgain() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = sound(&folder, "a.opus", &["-c:a", "libopus", "-b:a", "128k"]) else { return };
    let Some(text) = said("loudgain", &["-s", "i", "-O", path.to_str().unwrap()]) else { return };
    let row: Vec<&str> = text.lines().nth(1).unwrap_or_default().split('\t').collect();
    let loudness: f64 = row.get(1).and_then(|cell| cell.split(' ').next()?.parse().ok()).unwrap();
    let theirs = tags(&path).unwrap().tags.r128.track.unwrap();
    let ours = R128Gains::of(Loudness { integrated_lufs: loudness, peak: 1.0 }, None).track.unwrap();
    assert!(ours.abs_diff(theirs) <= 3, "{ours} {theirs} {text}");
}

/// `loudgain` (libebur128) measures and tags; we read its figures, and write the same texts from the same loudness.
#[test]
fn gains_are_those_of_loudgain() {
    let folder = tempfile::tempdir().unwrap();
    let path = sound(&folder, "a.flac", &[]).unwrap();
    let Some(text) = said("loudgain", &["-s", "e", "-O", path.to_str().unwrap()]) else { return };
    // File, loudness, range, true peak, …; the second line is the file's.
    let row: Vec<&str> = text.lines().nth(1).unwrap_or_default().split('\t').collect();
    let head: Vec<&str> = text.lines().next().unwrap_or_default().split('\t').collect();
    let of = |name: &str| {
        let column = head.iter().position(|column| column.eq_ignore_ascii_case(name));
        column.and_then(|column| row.get(column)).and_then(|cell| cell.split(' ').next()?.parse::<f64>().ok())
    };
    let (Some(loudness), Some(gain)) = (of("Loudness"), of("Gain")) else { panic!("loudgain says {text}") };
    let got = tags(&path).unwrap().tags.replay_gain;
    assert_eq!(got.track_gain_db, Some(gain), "{text}");
    let peak = got.track_peak.unwrap();
    let ours = ReplayGain::of(Loudness { integrated_lufs: loudness, peak }, None);
    // It shows its loudness to a hundredth and writes the gain of the exact one: a hundredth apart at most.
    assert!((ours.track_gain_db.unwrap() - gain).abs() < 0.0101, "{ours:?} {text}");
    let given = Tags { replay_gain: got, ..Tags::default() };
    let before = said("metaflac", &["--export-tags-to=-", path.to_str().unwrap()]);
    rewrite(&path, &given, None).unwrap();
    let after = said("metaflac", &["--export-tags-to=-", path.to_str().unwrap()]);
    let lines = |text: Option<String>| -> Vec<String> {
        text.unwrap_or_default()
            .lines()
            .filter(|l| l.contains("TRACK_GAIN") || l.contains("TRACK_PEAK"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(lines(before), lines(after), "the texts are those of loudgain");
}

/// Real files of other programs: tagged, with a picture of many pages, they sound the same, and what they said stays.
#[test]
fn real_songs_sound_the_same_with_tags() {
    let Some(folder) = material() else { return };
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let (path, data) = (entry.path(), entry.metadata().unwrap());
            if data.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "flac" || ending == "ogg") {
                files.push((data.len(), path));
            }
        }
    }
    files.sort();
    let place = tempfile::tempdir().unwrap();
    let cover = cover(400);
    for ending in ["flac", "ogg"] {
        let found =
            files.iter().filter(|(size, path)| *size > 300_000 && path.extension().is_some_and(|e| e == ending));
        for (_, path) in found.take(3) {
            let copy = place.path().join(path.file_name().unwrap());
            std::fs::copy(path, &copy).unwrap();
            let before = tags(&copy).unwrap();
            if said("ffmpeg", &["-version"]).is_none() {
                return;
            }
            let given = Tags { gapless: false, r128: R128Gains::default(), ..full() };
            let after = round_trip(&copy, &given, Some(&cover));
            assert_eq!(after.unknown, before.unknown, "{}", path.display());
        }
    }
}
