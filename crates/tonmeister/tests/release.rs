//! Real tracks released in every kind of file, and what another program reads of each.
#![allow(missing_docs)]

mod material;

use std::fmt::Write as _;
use std::process::Command;

use material::{ffmpeg, files, material};
use tonmeister::{AuditionOptions, ReleaseOptions, Silent, World};

/// Loudness, ceiling and tags of two finished tracks, in each format, by our report and by ffmpeg: the figure within
/// 0.1 LU, no decoded peak above −1 dBTP, every file verified.
#[test]
fn every_file_of_a_release_is_what_its_report_says() {
    let Some(material) = material("releasing real tracks") else { return };
    let tracks = files(&material.join("finished"), "ogg");
    let folder = tempfile::tempdir().unwrap();
    let mut text =
        "[album]\ntitle = \"Two\"\nartist = \"Several\"\nmode = \"song\"\nloudness_lufs = -14.0\nceiling_dbtp = -1.0\n"
            .to_owned();
    for track in &tracks[1..3] {
        let _ = write!(text, "\n[[song]]\naudio = '{}'\n", track.display());
    }
    let lame = Command::new("lame").arg("--version").output().is_ok();
    if !lame {
        eprintln!("\n*** SKIPPED: MP3 is not released here: lame is not installed ***\n");
    }
    let mp3 = if lame {
        "\n[[deliver]]\nformat = \"mp3\"\nbitrate_kbps = 192\n\n[[deliver]]\nformat = \"mp3\"\nvbr = 2\n"
    } else {
        ""
    };
    text += "\n[[deliver]]\nformat = \"wav\"\ndepth = \"16\"\nsample_rate_hz = 44100\n\n[[deliver]]\nformat = \"alac\"\n\n[[deliver]]\nformat = \
             \"vorbis\"\nquality = 5.0\n\n[[deliver]]\nformat = \"opus\"\nbitrate_kbps = 128\n";
    text += mp3;
    text += "\n[cd]\n";
    let (album, out) = (folder.path().join("album.toml"), folder.path().join("out"));
    std::fs::write(&album, text).unwrap();
    let world = World::new();
    let release = world.release(&album, &out, &ReleaseOptions::default(), &mut Silent).unwrap();
    assert!(release.report.reached);
    let mut read = 0;
    for file in &release.report.files {
        let Some(levels) = &file.levels else { continue };
        let (lufs, peak) = (levels.integrated_lufs.unwrap(), levels.true_peak_dbtp.unwrap());
        assert!((lufs + 14.0).abs() <= 0.1 && peak <= -1.0 + 0.01, "{}: {lufs} LUFS, {peak} dBTP", file.path);
        match ffmpeg(&out.join(&file.path)) {
            Some((theirs, peaks)) => {
                println!("{}: {lufs:.2} LUFS, {peak:.2} dBTP; ffmpeg {theirs:.1}, {peaks:.1}", file.path);
                assert!(
                    (theirs - lufs).abs() <= 0.1 && peaks <= -1.0 + 0.1,
                    "{}: {theirs} LUFS, {peaks} dBTP",
                    file.path
                );
                read += 1;
            }
            None => eprintln!("*** ffmpeg is not installed: {} was measured by our own meter only ***", file.path),
        }
    }
    println!("{read} files read by ffmpeg");
    assert!(world.verify_release(&out).unwrap().is_whole());
}

/// Real tracks of many styles held against each other: what is proposed is bounded, has a reason, and would bring the song
/// nearer; a song beside its own copies is left alone.
#[test]
fn songs_that_lie_apart_are_told_and_moved_by_little() {
    let Some(material) = material("comparing real tracks") else { return };
    let tracks = files(&material.join("finished"), "ogg");
    let folder = tempfile::tempdir().unwrap();
    let plan = |songs: &[&std::path::PathBuf]| {
        let mut text = "[album]\ntitle = \"Several\"\nartist = \"Several\"\nconsistency = \"correct\"\n".to_owned();
        for track in songs {
            let _ = write!(text, "\n[[song]]\naudio = '{}'\nend_s = 30.0\n", track.display());
        }
        let album = folder.path().join("album.toml");
        std::fs::write(&album, text).unwrap();
        let options = ReleaseOptions { dry_run: true, ..ReleaseOptions::default() };
        let plan = World::new().release(&album, &folder.path().join("out"), &options, &mut Silent).unwrap();
        plan.report.consistency.unwrap().songs
    };
    let mut moved = 0;
    for (lie, track) in plan(&tracks[..8].iter().collect::<Vec<_>>()).iter().zip(&tracks) {
        let (came, foreseen) = (lie.tone_db.unwrap(), lie.foreseen_db.unwrap());
        assert!(foreseen <= came + 1e-9, "{}: {lie:?}", track.display());
        for made in &lie.moves {
            // A tilt is told in dB per octave; what it does at its furthest is tested where it is made.
            assert!(made.amount.abs() <= 1.5 + 1e-9 && !made.reason.is_empty(), "{}: {lie:?}", track.display());
        }
        moved += usize::from(!lie.moves.is_empty());
        println!("{}: {came:.1} dB, {foreseen:.1} dB, {:?}", track.display(), lie.moves);
    }
    // Eight styles are no album: nearly all of them lie apart.
    assert!(moved >= 4, "{moved}");
    let equal = plan(&[&tracks[1]; 3]);
    assert!(equal.iter().all(|lie| lie.moves.is_empty() && lie.tone_db.unwrap() < 1e-6), "{equal:?}");
}

/// A song document's versions by the desk itself, the page that shows all of it, and its stages one by one.
#[test]
fn a_document_is_released_in_its_versions() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (seed, name) in [(1, "band"), (2, "voice")] {
        let lane = |seed: u64| -> Vec<f32> {
            let swell = |n: usize| 0.05 + 0.3 * (n as f32 / 44_100.0 * 2.0).sin().powi(6);
            let noise = tonmeister_dsp::testing::noise(seed, 0.5, 5 * 44_100);
            noise.iter().enumerate().map(|(n, x)| x * swell(n)).collect()
        };
        let audio = tonmeister_core::Buffer::from_stereo(lane(seed), lane(seed + 10));
        let format = tonmeister_media::Format::Wav(tonmeister_media::SampleFormat::Float32);
        let wav = path(&format!("{name}.wav"));
        let mut writer =
            tonmeister_media::Writer::create(wav, format, 44_100, tonmeister_core::Layout::Stereo).unwrap();
        writer.write(audio.view(audio.frames())).unwrap();
        writer.finish().unwrap();
    }
    let song = "[song]\ntitle = \"One\"\nsample_rate_hz = 44100\n\n[[track]]\nid = \"band\"\naudio = \"band.wav\"\n\n\
                [[track]]\nid = \"voice\"\naudio = \"voice.wav\"\n\n[[range]]\nid = \"middle\"\nfrom = 2.0\nto = 3.0\n\n\
                [[version]]\nid = \"instrumental\"\nmute = [\"voice\"]\n\n[[version]]\nid = \"radio-edit\"\ncut = [\"middle\"]\n";
    std::fs::write(path("song.toml"), song).unwrap();
    let album = "[album]\ntitle = \"A\"\nartist = \"B\"\nloudness_lufs = -20.0\n\n[[song]]\ndocument = \"song.toml\"\n\n\
                 [[song]]\naudio = \"band.wav\"\n\n[[deliver]]\nformat = \"flac\"\nfolder = \"f\"\n\
                 versions = [\"instrumental\", \"radio-edit\", \"mono\"]\n";
    std::fs::write(path("album.toml"), album).unwrap();
    let (world, out) = (World::new(), path("out"));
    let release = world.release(&path("album.toml"), &out, &ReleaseOptions::default(), &mut Silent).unwrap();
    for file in ["instrumental/01 One", "radio-edit/01 One", "mono/01 One", "mono/02 band"] {
        assert!(out.join(format!("f/{file}.flac")).exists(), "{file}");
    }
    let edit = release.report.files.iter().find(|file| file.version.as_deref() == Some("radio-edit")).unwrap();
    assert!((edit.levels.unwrap().seconds - 4.0).abs() < 0.1, "{edit:?}");
    let page = std::fs::read_to_string(out.join("release.html")).unwrap();
    for part in ["In mono", "Consistency", "What each stage did", "has no version"] {
        assert!(page.contains(part), "{part}");
    }
    let options = AuditionOptions { release: Some(out), range_s: Some((1.0, 3.0)), ..AuditionOptions::default() };
    let audition = world.audition(&path("album.toml"), &path("listen"), &options, &mut Silent).unwrap();
    let [one, _] = audition.songs.as_slice() else { panic!("{}", audition.songs.len()) };
    let ids: Vec<&str> = one.stages.iter().map(|stage| stage.id.as_str()).collect();
    assert_eq!(ids, ["eq", "compressor", "limiter"]);
    assert!(one.stages.iter().flat_map(|s| s.files.iter().flatten()).all(|file| path("listen").join(file).exists()));
    assert!(std::fs::read_to_string(audition.page).unwrap().contains("compressor out.wav"));
    let backward = AuditionOptions { range_s: Some((3.0, 1.0)), ..AuditionOptions::default() };
    assert!(world.audition(&path("album.toml"), &path("no"), &backward, &mut Silent).is_err() && !path("no").exists());
}
