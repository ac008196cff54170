//! What can be held and what is wrapped: records, cassettes, disc images, broadcast WAV, on songs that are made up; read back
//! here, and by independent programs where they are installed.

mod studio;

use std::path::Path;
use std::process::Command;

use studio::{Desk, beats, options, read, samples, write};
use tonmeister_media as media;
use tonmeister_release::album::{Made, Trouble, make, plan, verify};
use tonmeister_release::cue;

const ALBUM: &str = "[album]\ntitle = \"Tide\"\nartist = \"Ann\"\nlabel = \"Harbor\"\nupc = \"036000291452\"\n\
                     release_date = \"2026-12-04\"\n";
const WAV: &str = "[[deliver]]\nformat = \"wav\"\ndepth = \"16\"\nsample_rate_hz = 44100\nfolder = \"w\"\n";

/// Three songs: 8, 6 and 5 s.
fn songs(folder: &Path, keys: [&str; 3]) -> String {
    let mut text = String::new();
    for (n, (keys, (seconds, db))) in keys.iter().zip([(8.0, -12.0), (6.0, -18.0), (5.0, -15.0)]).enumerate() {
        let path = folder.join(format!("{n}.wav"));
        if !path.exists() {
            write(&path, 44_100, &beats(n as u32 + 1, seconds, 44_100, db));
        }
        let title = ["One", "Zwölf", "Three"][n];
        let song = format!("[[song]]\naudio = \"{n}.wav\"\ntitle = \"{title}\"\nisrc = \"GBAYE690030{n}\"\n{keys}");
        text.push_str(&song);
    }
    text
}

fn made(folder: &Path, text: &str) -> Made {
    make(&mut Desk::default(), &read(text), folder, &folder.join("out"), &options()).unwrap_or_else(|e| panic!("{e:?}"))
}

/// What an album is refused with, before anything is rendered or written.
fn refused(folder: &Path, text: &str) -> String {
    let (mut desk, out) = (Desk::default(), folder.join("no"));
    let error = make(&mut desk, &read(text), folder, &out, &options()).expect_err("is made");
    assert!(desk.renders.is_empty(), "{:?}", desk.renders);
    let Trouble::Document(found) = error else { panic!("{error}") };
    assert!(found.iter().all(|d| d.span.is_some()), "{found:?}");
    let told = found.iter().map(|d| format!("{}; {}", d.message, d.help.clone().unwrap_or_default()));
    told.collect::<Vec<_>>().join("\n")
}

/// The text that a program prints; nothing, loudly, where it is not installed.
fn said(program: &str, args: &[&str], file: &Path) -> Option<String> {
    let Ok(out) = Command::new(program).args(args).arg(file).output() else {
        eprintln!("SKIPPED: {program} is not installed, so it was not asked to read {}", file.display());
        return None;
    };
    assert!(out.status.success(), "{program}: {out:?}");
    Some(format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)))
}

#[test]
fn a_record_has_a_file_for_each_side() {
    let folder = tempfile::tempdir().unwrap();
    let keys = ["side = \"A\"\n", "gap_s = 1.5\n", "side = \"B\"\n"];
    let vinyl = "[vinyl]\nsample_rate_hz = 88200\nmono_below_hz = 300.0\n";
    let text = format!("{ALBUM}{}{WAV}{vinyl}", songs(folder.path(), keys));
    let report = made(folder.path(), &text).report;
    let out = folder.path().join("out");
    let medium = &report.media[0];
    // 8 s, 1.5 s of pause, 6 s; and 5 s, without the pause before it.
    let seconds: Vec<f64> = medium.sides.iter().map(|side| side.seconds).collect();
    assert_eq!((medium.medium.as_str(), seconds.as_slice()), ("12-inch 33", [15.5, 5.0].as_slice()));
    let (rate, left, right) = samples(&out.join("vinyl/Side A.wav"));
    assert_eq!((rate, left.len()), (88_200, 88_200 * 31 / 2));
    assert!(left[88_200 * 8 + 9000..88_200 * 19 / 2 - 100].iter().all(|x| x.abs() < 1e-3));
    // Measured: −3.000 dBTP on the loudest side. Nothing is limited: the peak stands 17.1 dB above the loudness, where the
    // digital master's was brought to 12.2.
    let peak = |n: usize| medium.sides[n].levels.unwrap().true_peak_dbtp.unwrap();
    assert!((peak(0).max(peak(1)) + 3.0).abs() < 0.01, "{} {}", peak(0), peak(1));
    let plr = medium.sides[0].levels.unwrap().plr_db.unwrap();
    let master = report.songs[0].after.plr_db.unwrap();
    assert!(plr > master + 3.0, "{plr} {master}");
    // Bass is in the middle: below 60 Hz the side is more than 30 dB under the mid.
    let low = |lane: &[f32]| {
        let (mut poles, mut power) = ([0.0; 4], 0.0);
        for x in lane {
            let mut y = f64::from(*x);
            for pole in &mut poles {
                *pole += 0.0043 * (y - *pole);
                y = *pole;
            }
            power += y * y;
        }
        power
    };
    let lane = |sign: f32| left.iter().zip(&right).map(|(l, r)| l + sign * r).collect::<Vec<f32>>();
    let db = 10.0 * (low(&lane(-1.0)) / low(&lane(1.0))).log10();
    assert!(db < -30.0, "{db:.1} dB");
    assert!(medium.findings.iter().all(|f| f.code != "vinyl-wide-bass"), "{:?}", medium.findings);
    // The file says where its songs stand, and how loud it is.
    let tags = media::tags(out.join("vinyl/Side A.wav")).unwrap().tags;
    let marks: Vec<(u64, &str)> = tags.markers.iter().map(|m| (m.frame, m.label.as_str())).collect();
    assert_eq!(marks, [(0, "A1 One"), (88_200 * 19 / 2, "A2 Zwölf")]);
    let bext = tags.broadcast.unwrap();
    assert!((bext.loudness.max_true_peak_dbtp.unwrap() - peak(0)).abs() < 0.006);
    let sheet = cue::parse(&std::fs::read_to_string(out.join("vinyl/Side A.cue")).unwrap()).unwrap().sheet;
    assert_eq!((sheet.tracks.len(), sheet.tracks[1].indexes[0].at.to_string().as_str()), (2, "00:08:00"));
    assert_eq!(sheet.tracks[1].indexes[1].at.to_string(), "00:09:37");
    let page = std::fs::read_to_string(out.join("vinyl/sides.txt")).unwrap();
    assert!(page.contains("GB-AYE-69-00301") && page.contains("not limited"), "{page}");
    assert!(verify(&out).unwrap().is_whole());
    // A second run has nothing to do and says the same.
    let mut desk = Desk::default();
    let again = make(&mut desk, &read(&text), folder.path(), &out, &options()).unwrap().report;
    assert!(desk.renders.is_empty(), "{:?}", desk.renders);
    assert_eq!(again.media, report.media);
    // On one side there is no second, and its file does not stay behind. Bass that is left wide is told.
    let one = made(folder.path(), &format!("{ALBUM}{}{WAV}[vinyl]\n", songs(folder.path(), ["", "", ""]))).report;
    assert_eq!(one.media[0].sides.len(), 1);
    assert!(!out.join("vinyl/Side B.wav").exists() && verify(&out).unwrap().is_whole());
    let wide: Vec<_> = one.media[0].findings.iter().filter(|f| f.code == "vinyl-wide-bass").collect();
    assert!(wide.len() == 3 && wide[0].remedy.contains("mono_below_hz"), "{:?}", one.media[0].findings);
    if let Some(text) = said("mediainfo", &["--Full"], &out.join("vinyl/Side A.wav")) {
        assert!(text.contains("24 bits") && text.contains("Tide, side A"), "{text}");
    }
}

#[test]
fn what_a_plant_refuses_is_told_before_work_begins() {
    let folder = tempfile::tempdir().unwrap();
    // Half an hour and a second at a low rate, of silence: only lengths are looked at.
    let long = vec![0.0; 301 * 8_000];
    write(&folder.path().join("long.wav"), 8_000, &(long.clone(), long));
    let songs = |n: usize| "[[song]]\naudio = \"long.wav\"\ngap_s = 2.0\n".repeat(n);
    let with = |n: usize, what: &str| refused(folder.path(), &format!("{ALBUM}{}{WAV}{what}", songs(n)));
    let single = with(1, "[vinyl]\nsize = \"7-inch\"\nspeed = \"45\"\n");
    assert!(single.contains("lasts 5:01, longer than a side of 7-inch 45 (5:00)"), "{single}");
    let lp = with(11, "[vinyl]\nsides = 2\n");
    assert!(lp.contains("side A lasts 30:16; a side of 12-inch 33 ends at 25:00; move songs"), "{lp}");
    let tape = with(13, "[cassette]\n");
    assert!(tape.contains("a side of C60 ends at 30:00"), "{tape}");
    let few = with(2, "[vinyl]\nsides = 4\n");
    assert!(few.contains("2 songs cannot fill 4 sides"), "{few}");
    // What runs on stays on one side: two songs are one.
    let joined = "[[song]]\naudio = \"long.wav\"\ncrossfade_s = 2.0\n[[song]]\naudio = \"long.wav\"\n";
    let joined = refused(folder.path(), &format!("{ALBUM}{joined}{WAV}[vinyl]\nsides = 2\n"));
    assert!(joined.contains("1 songs cannot fill 2 sides") && joined.contains("count as one"), "{joined}");
    let picture = refused(folder.path(), &format!("{ALBUM}artwork = \"cover.png\"\n{}{WAV}", songs(1)));
    assert!(picture.contains("cover.png cannot be used"), "{picture}");
    let short = "[[song]]\naudio = \"long.wav\"\n[[song]]\naudio = \"long.wav\"\nend_s = 3.9\n";
    let short = refused(folder.path(), &format!("{ALBUM}{short}{WAV}[cd]\n"));
    assert!(short.contains("track 2"), "{short}");
}

/// A plan lists what would be made of the songs, and where the sides would end.
#[test]
fn a_plan_shows_the_sides() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{ALBUM}{}{WAV}[cd]\ncue = true\n[cassette]\n", songs(folder.path(), ["", "", ""]));
    let report = plan(&mut Desk::default(), &read(&text), folder.path(), folder.path(), &options()).unwrap().report;
    let sides: Vec<Vec<usize>> =
        report.media[0].sides.iter().map(|side| side.songs.iter().map(|song| song.song).collect()).collect();
    assert_eq!(sides, [vec![0], vec![1, 2]]);
    for path in ["cassette/Side B.wav", "cassette/sides.txt", "cd/image/Tide.cue", "cd/PQ sheet.txt", "cd/ddp/DDPID"] {
        assert!(report.files.iter().any(|file| file.path == path), "{path}");
    }
    let disc = report.disc.unwrap();
    assert_eq!((disc.ean.as_deref(), disc.tracks[1].start.as_str()), (Some("0036000291452"), "00:12:00"));
    let made = made(folder.path(), &text).report;
    let wanted: Vec<&String> = report.files.iter().map(|file| &file.path).collect();
    let mut found: Vec<&String> = made.files.iter().map(|file| &file.path).collect();
    found.sort();
    let mut wanted = wanted;
    wanted.sort();
    assert_eq!(found, wanted);
    assert!(wanted.iter().all(|path| folder.path().join("out").join(path).exists()));
}

/// The disc as one file, with a song before its first track; as programs that burn it see it.
#[test]
fn a_disc_image_is_read_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{ALBUM}{}{WAV}[cd]\ncue = true\n", songs(folder.path(), ["hidden = true\n", "", ""]));
    made(folder.path(), &text);
    let out = folder.path().join("out");
    let path = out.join("cd/image/Tide.cue");
    let opened = cue::open(&path, cue::FirstPause::Told).unwrap();
    assert!(opened.findings.is_empty(), "{:?}", opened.findings);
    // 2 s of silence, 8 s of a hidden song, 2 s of pause; 6 s, 2 s, 5 s.
    let starts: Vec<u32> = opened.disc.tracks.iter().map(|track| track.start().0).collect();
    assert_eq!((starts.as_slice(), opened.disc.end.0), ([12 * 75, 20 * 75].as_slice(), 25 * 75));
    let (rate, left, _) = samples(&out.join("cd/image/Tide.wav"));
    assert_eq!((rate, left.len()), (44_100, 23 * 44_100));
    let marks = tonmeister_media::tags(out.join("cd/image/Tide.wav")).unwrap().tags.markers;
    let marks: Vec<(u64, &str)> = marks.iter().map(|mark| (mark.frame / 44_100, mark.label.as_str())).collect();
    assert_eq!(marks, [(10, "01 Zwölf"), (18, "02 Three")]);
    let (_, own, _) = samples(&out.join("w/02 Three.wav"));
    assert!(left[18 * 44_100..] == own[..], "the image and the track have the same samples");
    let sheet = std::fs::read_to_string(out.join("cd/PQ sheet.txt")).unwrap();
    assert!(sheet.contains("0036000291452") && sheet.contains("GB-AYE-69-00301") && sheet.contains("Zwölf"), "{sheet}");
    assert!(verify(&out).unwrap().is_whole());
    if let Some(text) = said("cueprint", &["-d", "%N %T %P\\n", "-t", "%n %t %i\\n"], &path) {
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0] == "2 Tide Ann", "{text}");
        assert_eq!(&lines[1..], ["1 Zwölf GBAYE6900301", "2 Three GBAYE6900302"], "{text}");
    }
    if let Some(text) = said("cuebreakpoints", &[], &path) {
        // Where the second track begins in the file.
        assert!(text.contains("0:18.00"), "{text}");
    }
    let bytes = std::fs::read(out.join("cd/image/Tide.wav")).unwrap();
    std::fs::remove_file(out.join("cd/image/Tide.wav")).unwrap();
    assert!(!verify(&out).unwrap().is_whole());
    made(folder.path(), &text);
    assert!(std::fs::read(out.join("cd/image/Tide.wav")).unwrap() == bytes);
}

/// WAV says what it is, how loud it is, and where on the album it stands; RF64 where that is asked for.
#[test]
fn wav_is_broadcast_wave() {
    let folder = tempfile::tempdir().unwrap();
    let sets = "[[deliver]]\nformat = \"wav\"\nfolder = \"bwf\"\n\
                [[deliver]]\nformat = \"wav\"\ncontainer = \"rf64\"\ndepth = \"32f\"\nsample_rate_hz = 96000\nfolder = \"rf64\"\n\
                [[deliver]]\nformat = \"wav\"\nbext = false\nfolder = \"plain\"\n";
    let text = format!("{ALBUM}{}{sets}", songs(folder.path(), ["", "", ""]));
    let report = made(folder.path(), &text).report;
    let out = folder.path().join("out");
    let path = out.join("bwf/02 Zwölf.wav");
    let tags = media::tags(&path).unwrap().tags;
    let bext = tags.broadcast.clone().unwrap();
    assert_eq!((bext.version, bext.description.as_str()), (2, "Ann: Zwolf (Tide, track 2)"));
    assert_eq!((bext.originator.as_str(), bext.originator_reference.as_str()), ("Harbor", "GBAYE6900301"));
    assert_eq!((bext.date.as_str(), bext.time_reference), ("2026-12-04", 441_000));
    assert_eq!(bext.coding_history.trim_end(), "A=PCM,F=44100,W=24,M=stereo,T=Tonmeister");
    let levels = report.files.iter().find(|f| f.path == "bwf/02 Zwölf.wav").unwrap().levels.unwrap();
    let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 0.006;
    assert!(near(bext.loudness.integrated_lufs, levels.integrated_lufs));
    assert!(near(bext.loudness.max_true_peak_dbtp, levels.true_peak_dbtp));
    assert!(near(bext.loudness.max_short_term_lufs, levels.max_short_term_lufs));
    assert!(near(bext.loudness.max_momentary_lufs, levels.max_momentary_lufs));
    assert_eq!(tags.isrc.map(|code| code.to_string()).as_deref(), Some("GBAYE6900301"));
    assert!(media::tags(out.join("plain/01 One.wav")).unwrap().tags.broadcast.is_none());
    let wide = out.join("rf64/01 One.wav");
    assert_eq!(media::probe(&wide).unwrap().info.container, media::Container::Rf64);
    assert_eq!(media::tags(&wide).unwrap().tags.title.as_deref(), Some("One"));
    let (rate, left, _) = samples(&wide);
    assert_eq!((rate, left.len()), (96_000, 960_000));
    assert!(verify(&out).unwrap().is_whole());
    if let Some(text) = said("mediainfo", &["--Full"], &path) {
        for word in ["Harbor", "2026-12-04", "GBAYE6900301", "A=PCM,F=44100,W=24,M=stereo,T=Tonmeister"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    if let Some(text) = said("mediainfo", &["--Inform=General;%Format% %Format_Profile% %Duration%"], &wide) {
        assert!(text.contains("RF64") && text.contains("10000"), "{text}");
    }
    let args =
        ["-v", "error", "-show_entries", "stream=codec_name,sample_rate,duration_ts:format_tags", "-of", "default"];
    if let Some(text) = said("ffprobe", &args, &wide) {
        assert!(text.contains("codec_name=pcm_f32le") && text.contains("duration_ts=960000"), "{text}");
        assert!(text.contains("coding_history=") && text.contains("Harbor"), "{text}");
    }
}
